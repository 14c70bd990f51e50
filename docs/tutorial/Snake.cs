namespace Tutorial;

// begin
/// <summary>Snake: x + sin²(αx) / α, for periodic data (Ziyin, Hartwig and Ueda, 2020).</summary>
public readonly struct Snake(float alpha) : IUnaryFormula
{
    public T F<T>(T x) where T : struct, IReal<T>
    {
        var sine = T.Sin(T.Create(alpha) * x);
        return x + sine * sine / T.Create(alpha);
    }

    public T D<T>(T x) where T : struct, IReal<T> => T.Create(1) + T.Sin(T.Create(2 * alpha) * x);
}

public static class SnakeExtensions
{
    extension(Tensor x)
    {
        public Tensor Snake(float alpha = 1) => x.Elementwise(new Snake(alpha));
    }
}
// end

/// <summary>docs/tutorial.md, "An elementwise op of your own".</summary>
public static class ElementwiseChapter
{
    public static void Run()
    {
        // begin
        var gpu = DeviceCatalog.Open("emulated");               // "cuda" or "opencl" where there is a GPU
        var x = Tensor.Uniform([2, 37], -2, 2, new Rng(seed: 4));

        GradientCheck.Of(x => x[0].Snake(alpha: 3), x).ThrowIfFailed();
        GradientCheck.Of(x => x[0].Snake(alpha: 3), x.To(gpu)).ThrowIfFailed();
        // end
    }
}
