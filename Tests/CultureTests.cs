using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Numbers in messages do not depend on the current culture.</summary>
public sealed class CultureTests
{
    /// <summary>The types whose text has a decimal separator. Integers differ by their minus sign only.</summary>
    private static readonly Type[] Fractions = [typeof(float), typeof(double), typeof(Half), typeof(decimal)];

    /// <summary>The types that have a format only as hexadecimal bytes of a file.</summary>
    private static readonly Type[] Unsigned = [typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];

    private static IEnumerable<Assembly> Libraries =>
    [
        typeof(Tensor).Assembly, typeof(MatMulExtensions).Assembly, typeof(Linear).Assembly,
        typeof(DataLoader).Assembly, typeof(Trainer).Assembly,
    ];

    private static IEnumerable<TestCaseData<Func<string>>> Texts =>
    [
        Case("a scalar", () => Tensor.From([1], [-1234.5f]).ToString()),
        Case("a shape", () => Error(() => Shape.Create([2, -3]))),
        Case("a reshape", () => Error(() => Tensor.Zeros([2, 3]).Reshape(-1, -2))),
        Case("an axis", () => Error(() => Tensor.Zeros([2, 3]).Sum([-4]))),
        Case("a pair", () => ((Size2d)(-1, 2)).ToString() + (Size2d)(-1)),
        Case("a pooling", () => Error(() => _ = new MaxPool2d(2, padding: -1))),
        Case("a pooling op", () => Error(() => Tensor.Zeros([1, 1, 4, 4]).MaxPool2d((2, 2), padding: (-1, -1)))),
        Case("a label", () => Error(() => _ = new FeatureDataset("one", ["a"], [1], [-1]))),
        Case("a deviation", () => Error(() => _ = new Normalize([0.5f], [-0.5f]))),
        Case("a dropout layer", () => new Dropout(new Rng(1), 0.25f).ToString()),
        Case("a normalization layer", () => NetworkCatalog.Find("fcnet").Create(new([2], 2), new Rng(1)).ToString()),
        Case("a divergence", () => new DivergenceException(1234, 0.5, double.NaN, "why").Message),
        Case("a dead network", () => new DeadReluException(1234, 10, 0.5, 0.25).Message),
        Case("memory", () => Error(() => Tensor.Zeros([1 << 30], new CpuDevice(threads: 1, memoryLimit: 1 << 20)))),
        Case("a schedule", () => Error(() => ScheduleText.Parse("cosine:7", epochs: 5))),
        Case("an epoch's record", () => $"{Encoding.UTF8.GetString(Metrics())}"),
    ];

    private static TestCaseData<Func<string>> Case(string name, Func<string> text) =>
        new(text) { TestName = $"{{m}}({name})" };

    [TestCaseSource(nameof(Texts))]
    public void A_text_is_the_same_in_every_culture(Func<string> text)
    {
        var before = CultureInfo.CurrentCulture;
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NumberGroupSeparator) = (",", ".");
        other.NumberFormat.NegativeSign = "~";
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            var expected = text();
            CultureInfo.CurrentCulture = other;
            Assert.That($"{-1.5}", Is.EqualTo("~1,5"));
            Assert.That(text(), Is.EqualTo(expected));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [TestCaseSource(nameof(Libraries))]
    public void No_number_is_formatted_by_the_culture(Assembly library)
    {
        var faults = from method in MethodCode.AllMethods(library)
                     from fault in Faults(method)
                     select $"{method.DeclaringType!.Name}.{method.Name}: {fault}";
        Assert.That(string.Join('\n', faults.Distinct()), Is.Empty);
    }

    private static string Error(Action act)
    {
        var message = Assert.Catch(() => act())!.Message;
        return message.Split("Actual value was")[0];        // the base library writes it in the current culture
    }

    private static byte[] Metrics()
    {
        using var folder = new TemporaryFolder();
        MetricsFile.Append(folder["metrics.jsonl"], new(1, 2000, 0.5, 0.25, 0.125, 1.5, 1234.5, 1e-3));
        return File.ReadAllBytes(folder["metrics.jsonl"]);
    }

    private static IEnumerable<string> Faults(MethodBase method)
    {
        var byCulture = false;
        foreach (var called in MethodCode.Calls(method))
        {
            var takesCulture = called.GetParameters().Any(p => p.ParameterType == typeof(IFormatProvider));
            var isText = called.DeclaringType == typeof(DefaultInterpolatedStringHandler)
                || called.DeclaringType == typeof(StringBuilder.AppendInterpolatedStringHandler);
            if (isText && called.IsConstructor) byCulture = !takesCulture;
            else if (isText && byCulture && called is MethodInfo { IsGenericMethod: true } append && Follows(append))
                yield return $"{append.GetGenericArguments()[0].Name} in an interpolated text";
            else if (called.Name == "ToString" && Fractions.Contains(called.DeclaringType) && !takesCulture)
                yield return $"{called.DeclaringType!.Name}.ToString";
        }
    }

    private static bool Follows(MethodInfo append)
    {
        var type = append.GetGenericArguments()[0];
        var hasFormat = append.GetParameters().Any(p => p.ParameterType == typeof(string));
        return Fractions.Contains(type) || (hasFormat && !Unsigned.Contains(type));
    }
}
