namespace Tutorial;

/// <summary>docs/tutorial.md, "Tensors": what it prints is quoted there.</summary>
public static class TensorChapter
{
    public static void Run()
    {
        Creation();
        Functions();
        Parts();
        Content();
    }

    private static void Creation()
    {
        // begin
        var a = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);
        var b = Tensor.Full([3], 0.5f);
        var noise = Tensor.Normal([256, 1000], mean: 0, deviation: 1, new Rng(seed: 1));

        Console.WriteLine(a);
        Console.WriteLine(a * b - 1);                           // [2, 3] with [3]: shapes are broadcast
        Console.WriteLine(noise.Shape);
        // end
    }

    private static void Functions()
    {
        var a = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);

        // begin
        Console.WriteLine(a.MatMul(a, transposeB: true));       // a·aᵀ
        Console.WriteLine(a.Sum([1], keepDims: true));
        Console.WriteLine(a.Reshape(3, 2).Sqrt());
        Console.WriteLine((a > 2) * a);                         // comparisons yield 0 and 1
        // end
    }

    private static void Parts()
    {
        // begin
        var x = Tensor.Arange(24).Reshape(2, 3, 4);

        Console.WriteLine(x[0]);
        Console.WriteLine(x[.., 1..3, ^1]);
        Console.WriteLine(x.Permute(2, 0, 1).Shape);
        Console.WriteLine(Tensor.Concat([x[0], x[1, ..1]], axis: 0).Shape);
        // end
    }

    private static void Content()
    {
        var a = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);

        // begin
        float[] values = a.ToArray();                           // row-major; N, C, H, W for images
        float mean = a.Mean().Item();                           // of a tensor of one element
        Console.WriteLine($"{values[4]} {mean}");
        // end
    }
}
