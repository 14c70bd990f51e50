namespace Tutorial;

/// <summary>docs/tutorial.md, "Gradients": what it prints is quoted there.</summary>
public static class GradientChapter
{
    public static void Run()
    {
        Square();
        Fit();
    }

    private static void Square()
    {
        // begin
        var x = Tensor.From([3], [1, 2, 3]);
        x.RequiresGrad = true;

        var y = (x * x).Sum();
        y.Backward();
        Console.WriteLine(x.Grad);
        // end
    }

    private static void Fit()
    {
        // begin
        var x = Tensor.From([4, 1], [0, 1, 2, 3]);
        var target = Tensor.From([4, 1], [1, 3, 5, 7]);         // 2x + 1
        var w = new Parameter(Tensor.Zeros([1]));
        var b = new Parameter(Tensor.Zeros([1]));
        var optimizer = new Sgd([w, b], learningRate: 0.1f, momentum: 0.5f);

        for (var step = 0; step < 200; step++)
        {
            optimizer.ZeroGrad();
            var loss = (x * w + b).MseLoss(target);
            loss.Backward();
            optimizer.Step();
        }

        Console.WriteLine($"{w.Item():F3} {b.Item():F3}");
        // end
    }
}
