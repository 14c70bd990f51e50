namespace Tutorial;

// begin
/// <summary>Mean of −(1 − p)^γ · log p, where p is the probability of the right class (Lin et al., 2017).</summary>
public sealed class FocalLoss(float gamma = 2) : ILoss
{
    public Tensor Forward(Tensor outputs, Target target)
    {
        var crossEntropy = outputs.CrossEntropy(target.Labels, reduction: LossReduction.None);      // −log p
        var p = (-crossEntropy).Exp();
        return ((1 - p).Pow(gamma) * crossEntropy).Mean();
    }
}
// end

/// <summary>docs/tutorial.md, "A loss of your own".</summary>
public static class LossChapter
{
    public static void Run()
    {
        // begin
        var logits = Tensor.Uniform([4, 10], -1, 1, new Rng(seed: 3));
        var labels = new Labels([3, 1, 4, 1]);
        GradientCheck.Of(x => new FocalLoss(gamma: 2).Forward(x[0], labels), logits).ThrowIfFailed();
        // end
    }
}
