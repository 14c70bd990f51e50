namespace PyNetSharp.Tests;

/// <summary>A folder in CIFAR-10's format with few images, whose brightness depends on the class.</summary>
internal static class SmallCifar
{
    public const int PerFile = 20;

    /// <summary>The same in CIFAR-100's format, with 5 of its classes.</summary>
    public static void WriteHundred(string folder)
    {
        Directory.CreateDirectory(folder);
        var rng = new Rng(2);
        foreach (var (file, count) in (Span<(string, int)>)[("train.bin", 4 * PerFile), ("test.bin", PerFile)])
        {
            var bytes = new byte[count * 3074];
            for (var i = 0; i < count; i++)
            {
                (bytes[3074 * i], bytes[3074 * i + 1]) = ((byte)(i % 20), (byte)(20 * (i % 5) + 3));
                foreach (ref var pixel in bytes.AsSpan(3074 * i + 2, 3072))
                    pixel = (byte)(40 * (i % 5) + rng.Next(40));
            }

            File.WriteAllBytes(Path.Combine(folder, file), bytes);
        }
    }

    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var rng = new Rng(1);
        foreach (var file in (string[])[.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin"), "test_batch.bin"])
        {
            var bytes = new byte[PerFile * 3073];
            for (var i = 0; i < PerFile; i++)
            {
                bytes[3073 * i] = (byte)(i % 10);
                foreach (ref var pixel in bytes.AsSpan(3073 * i + 1, 3072))
                    pixel = (byte)(20 * (i % 10) + rng.Next(40));
            }

            File.WriteAllBytes(Path.Combine(folder, file), bytes);
        }
    }
}
