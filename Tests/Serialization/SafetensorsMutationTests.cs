using System.Text;
using System.Text.Json;
using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class SafetensorsMutationTests
{
    private const int HeaderBegin = 8;

    // A header of a kilobyte takes tens of kilobytes to read; allocating an unchecked length would take far more.
    private const long MaxAllocatedBytes = 1 << 20;

    /// <summary>
    /// A damaged file is refused, or read with its new values: they are compared with those of a second, lenient
    /// reader.
    /// </summary>
    [Test]
    public void TenThousandDamagedFilesAreRefusedOrReadCorrectly()
    {
        var sample = SafetensorsBytes.Sample();
        var rng = new Rng(20240229);
        using var folder = new TemporaryFolder();
        var (refused, read) = (0, 0);

        for (var i = 0; i < 10_000; i++)
        {
            var damaged = Damage(sample, rng);
            Overwrite(folder["a"], damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = Safetensors.Open(folder["a"]);
                var values = file.Tensors
                    .Where(t => t.Dtype is "F32" or "F16" or "BF16" or "F64")
                    .ToDictionary(t => t.Name, t => file.Read(t.Name).ToArray());
                Assert.That(
                    GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MaxAllocatedBytes), $"damage {i}");
                CheckAgainst(damaged, file, values);
                read++;
            }
            catch (InputException fault)
            {
                Assert.That(
                    GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(MaxAllocatedBytes), $"damage {i}");
                Assert.That(fault.Message, Does.StartWith($"'{folder["a"]}' ").And.Not.Contain("\n"), $"damage {i}");
                refused++;
            }
        }

        // Damage to the elements or to a name makes another valid file; damage elsewhere does not.
        Assert.That(refused, Is.GreaterThan(1000));
        Assert.That(read, Is.GreaterThan(100));
    }

    /// <summary>Without emptying the file first, after which some file systems write to the disk at once.</summary>
    private static void Overwrite(string path, byte[] content)
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        stream.Write(content);
        stream.SetLength(content.Length);
    }

    private static byte[] Damage(byte[] sample, Rng rng)
    {
        List<byte> bytes = [.. sample];
        for (var times = 1 + rng.Next(3); times > 0; times--)
            DamageOnce(bytes, rng);
        return [.. bytes];
    }

    private static void DamageOnce(List<byte> bytes, Rng rng)
    {
        if (bytes.Count <= HeaderBegin) return;
        var at = rng.Next(bytes.Count);
        switch (rng.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << rng.Next(8));
                break;
            case 1:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(1 + rng.Next(8), bytes.Count - at));
                break;
            case 3:
                bytes.InsertRange(at, Enumerable.Range(0, 1 + rng.Next(8)).Select(_ => (byte)rng.Next(256)));
                break;
            case 4:                                             // the header's length: slightly wrong, or random
                if (rng.Next(2) == 0) bytes[0] += (byte)(rng.Next(9) - 4);
                else bytes[rng.Next(8)] = (byte)rng.Next(256);
                break;
            case 5:                                             // a digit of the header
                int[] digits = [.. Enumerable.Range(0, bytes.Count).Where(i => char.IsAsciiDigit((char)bytes[i]))];
                if (digits.Length > 0) bytes[digits[rng.Next(digits.Length)]] = (byte)('0' + rng.Next(10));
                break;
            default:                                            // a part repeated elsewhere
                bytes.InsertRange(at, bytes.GetRange(rng.Next(bytes.Count / 2), Math.Min(60, bytes.Count / 2)));
                break;
        }
    }

    private static void CheckAgainst(byte[] content, SafetensorsFile file, Dictionary<string, float[]> values)
    {
        var length = (int)BitConverter.ToUInt64(content);
        var data = content.AsSpan(HeaderBegin + length);
        using var json = JsonDocument.Parse(Encoding.UTF8.GetString(content, HeaderBegin, length));
        var expected = json.RootElement.EnumerateObject().Where(member => member.Name != "__metadata__").ToArray();
        Assert.That(file.Tensors.Select(t => t.Name), Is.EqualTo(expected.Select(t => t.Name)));

        foreach (var (tensor, told) in file.Tensors.Zip(expected))
        {
            Assert.That(
                tensor.Shape, Is.EqualTo(told.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())));
            Assert.That(tensor.Dtype, Is.EqualTo(told.Value.GetProperty("dtype").GetString()));
            if (!values.TryGetValue(tensor.Name, out var read)) continue;
            var begin = told.Value.GetProperty("data_offsets")[0].GetInt32();
            for (var i = 0; i < read.Length; i++)
                Assert.That(read[i], Is.EqualTo(Element(tensor.Dtype, data[begin..], i)), $"{tensor.Name}[{i}]");
        }
    }

    private static float Element(string type, ReadOnlySpan<byte> data, int i) => type switch
    {
        "F32" => BitConverter.ToSingle(data[(4 * i)..]),
        "F16" => (float)BitConverter.ToHalf(data[(2 * i)..]),
        "BF16" => BitConverter.ToSingle([0, 0, data[2 * i], data[2 * i + 1]]),
        _ => (float)BitConverter.ToDouble(data[(8 * i)..]),
    };
}
