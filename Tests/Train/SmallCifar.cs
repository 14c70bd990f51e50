namespace PyNetSharp.Tests;

/// <summary>A folder in CIFAR-10's format with few images, whose brightness depends on the class.</summary>
internal static class SmallCifar
{
    public const int PerFile = 20;

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
