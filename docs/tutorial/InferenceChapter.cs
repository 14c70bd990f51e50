namespace Tutorial;

/// <summary>docs/inference.md: what it prints is quoted there.</summary>
public static class InferenceChapter
{
    public static void Run()
    {
        RunOnce();
        RunManyThreads();
    }

    private static void RunOnce()
    {
        // begin
        var rng = new Rng(1);
        var model = new Sequential(
            ("conv", new Conv2d(1, 8, 3, rng)), ("norm", new BatchNorm2d(8)), ("relu", new ReLU()),
            ("pool", new MaxPool2d(2)), ("flatten", new Flatten()), ("out", new Linear(8 * 13 * 13, 10, rng)));

        using var compiled = model.Compile([1, 1, 28, 28]);
        Console.WriteLine(compiled);

        var pixels = new float[28 * 28];        // C, H, W
        var scores = new float[10];
        compiled.Run(pixels, scores);
        // end
    }

    private static void RunManyThreads()
    {
        // begin
        var model = new LeNet5(new([1, 32, 32], 10), new Rng(1));
        using var compiled = model.Compile([1, 1, 32, 32]);
        var images = Enumerable.Range(0, 64).Select(seed => Tensor.Uniform([1, 1, 32, 32], 0, 1, new((ulong)seed)));

        var classes = images.AsParallel().AsOrdered().WithDegreeOfParallelism(4)
            .Select(image => compiled.Run(image).ArgMax(1).Item()).ToArray();
        Console.WriteLine($"{classes.Length} images");
        // end
    }
}
