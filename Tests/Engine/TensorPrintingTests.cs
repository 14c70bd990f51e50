using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Tensors print as PyTorch's do; Golden/printing.py has made the expected texts.</summary>
public sealed partial class TensorPrintingTests
{
    private static IEnumerable<TestCaseData> Golden =>
        File.ReadAllText(Path.Combine(TestContext.CurrentContext.TestDirectory, "Golden", "printing.txt"))
            .Split("case ", StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.TrimEnd('\n').Split('\n'))
            .Select(lines => new TestCaseData(
                Words(lines[1]), Words(lines[2]), Words(lines[3]),
                string.Join('\n', lines[4..].Select(line => line[1..]))).SetArgDisplayNames(lines[0]));

    [TestCaseSource(nameof(Golden))]
    public void A_tensor_prints_as_in_PyTorch(string[] shape, string[] source, string[] settings, string expected)
    {
        var options = Options(settings);
        var x = Elements(Shape.Create([.. shape[1..].Select(Integer)]), source);
        var text = x.ToString(options);
        if (x.Shape.Size > options.Threshold)           // the one difference: PyTorch does not say the shape
        {
            Assert.That(text, Does.EndWith($"size=({string.Join(", ", x.Shape)}{(x.Rank == 1 ? "," : "")}))"));
            text = SizeSuffix().Replace(text, ")");
        }

        Assert.That(text, Is.EqualTo(expected));
    }

    [Test]
    public void A_summary_that_leaves_nothing_out_does_not_say_the_shape()
    {
        var options = new PrintOptions { Threshold = 0 };
        Assert.That(Tensor.From([], [2]).ToString(options), Is.EqualTo("tensor(2.)"));
        Assert.That(Tensor.From([2], [1, 2]).ToString(options), Is.EqualTo("tensor([1., 2.])"));
    }

    [Test]
    public void There_are_golden_texts() => Assert.That(Golden.Count(), Is.GreaterThanOrEqualTo(40));

    [Test]
    public void The_graph_is_told_after_the_elements()
    {
        var x = Tensor.From([2], [1, -2.5f]);
        x.RequiresGrad = true;
        var y = x.Relu();
        Assert.That(x.ToString(), Is.EqualTo("tensor([ 1.0000, -2.5000], requires_grad=True)"));
        Assert.That(y.ToString(), Is.EqualTo("tensor([1., 0.], grad_fn=<Relu>)"));
        Assert.That(y.Detach().ToString(), Is.EqualTo("tensor([1., 0.])"));
        var parameter = new Parameter(Tensor.From([1], [3]));
        Assert.That(
            parameter.ToString(), Is.EqualTo("Parameter containing:\ntensor([3.], requires_grad=True)"));
        parameter.RequiresGrad = false;
        Assert.That(parameter.ToString(), Is.EqualTo("Parameter containing:\ntensor([3.])"));
        Assert.That(new ModuleBuffer(Tensor.From([], [3])).ToString(), Is.EqualTo("tensor(3.)"));
    }

    /// <summary>PyTorch breaks the line there too: the last line of elements has 62 columns.</summary>
    [Test]
    public void A_suffix_that_does_not_fit_has_a_line_of_its_own()
    {
        var x = Tensor.From([9], [.. Enumerable.Range(1, 9).Select(i => i / 2f)]);
        x.RequiresGrad = true;
        Assert.That(x.ToString(), Is.EqualTo(
            """
            tensor([0.5000, 1.0000, 1.5000, 2.0000, 2.5000, 3.0000, 3.5000, 4.0000, 4.5000],
                   requires_grad=True)
            """));
    }

    [Test]
    public void A_freed_tensor_prints_that_it_is_freed()
    {
        var x = Tensor.From([2, 3], [1, 2, 3, 4, 5, 6]);
        x.RequiresGrad = true;
        var y = x.Relu();
        y.Sum().Backward();
        Assert.That(y.ToString(), Is.EqualTo("tensor(<freed>, size=(2, 3), grad_fn=<Relu>)"));
        Assert.That(Debugger(y), Is.EqualTo("Tensor [2, 3] on cpu, freed, the result of Relu"));
        var taken = Tensor.Zeros([2]);
        _ = new Parameter(taken);
        Assert.That(taken.ToString(), Is.EqualTo("tensor(<freed>, size=(2,))"));
    }

    [Test]
    public void The_debugger_shows_shape_device_and_state()
    {
        Assert.That(Debugger(Tensor.From([3], [1, -2.5f, 1e-9f])), Is.EqualTo("Tensor [3] on cpu: 1, -2.5, 1E-09"));
        Assert.That(
            Debugger(new Parameter(Tensor.Zeros([3, 4]))),
            Is.EqualTo("Parameter [3, 4] on cpu, requires_grad: 0, 0, 0, 0, 0, 0, 0, 0, …"));
        Assert.That(Debugger(Tensor.Zeros([2, 3, 4, 5])), Is.EqualTo("Tensor [2, 3, 4, 5] on cpu"));
        Assert.That(Debugger(Tensor.Zeros([0])), Is.EqualTo("Tensor [0] on cpu"));
    }

    [Test]
    public void The_default_options_can_be_set()
    {
        var (x, before) = (Tensor.From([2], [1.25f, 2.5f]), PrintOptions.Default);
        try
        {
            PrintOptions.Default = PrintOptions.Brief;
            Assert.That(x.ToString(), Is.EqualTo("tensor([1.25, 2.50])"));
        }
        finally
        {
            PrintOptions.Default = before;
        }

        Assert.That(x.ToString(), Is.EqualTo("tensor([1.2500, 2.5000])"));
        Assert.That(Tensor.Zeros([2000]).ToString(PrintOptions.Full), Does.Not.Contain("..."));
        Assert.That(() => PrintOptions.Default = null!, Throws.ArgumentNullException);
    }

    [Test]
    public void Options_outside_their_ranges_are_refused_by_name()
    {
        Refused(() => new PrintOptions { Precision = 150 }, "Precision is 0 to 149", 150);
        Refused(() => new PrintOptions { Precision = -1 }, "Precision is 0 to 149", -1);
        Refused(() => new PrintOptions { Threshold = -1 }, "Threshold is at least 0", -1);
        Refused(() => new PrintOptions { EdgeItems = 0 }, "EdgeItems is at least 1", 0);
        Refused(() => new PrintOptions { LineWidth = 0 }, "LineWidth is at least 1", 0);

        static void Refused(Func<PrintOptions> create, string text, int value) => Assert.That(
            create, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(text)
                .And.Property("ActualValue").EqualTo($"{value}"));
    }

    /// <summary>A message that printed a tensor would wait for its device.</summary>
    [Test]
    public void No_text_of_a_library_prints_a_tensor()
    {
        var faults =
            from library in (Type[])
                [typeof(Tensor), typeof(MatMulExtensions), typeof(Linear), typeof(DataLoader), typeof(Trainer)]
            from method in MethodCode.AllMethods(library.Assembly)
            from called in MethodCode.Calls(method)
            where called is MethodInfo { Name: "AppendFormatted", IsGenericMethod: true } append
                    ? append.GetGenericArguments()[0].IsAssignableTo(typeof(Tensor))
                    : called.Name == nameof(ToString) && called.DeclaringType == typeof(Tensor)
            where !(method.DeclaringType == typeof(Tensor) && method.Name == nameof(ToString))
            select $"{method.DeclaringType!.Name}.{method.Name}";
        Assert.That(string.Join('\n', faults.Distinct()), Is.Empty);
    }

    /// <summary>An object's line in the debugger, as the attribute of its class or a base class says.</summary>
    internal static string Debugger(object x)
    {
        var type = x.GetType();
        while (type.GetCustomAttribute<DebuggerDisplayAttribute>(inherit: false) is null) type = type.BaseType!;
        Assert.That(type.GetCustomAttribute<DebuggerDisplayAttribute>()!.Value, Is.EqualTo("{DebuggerText,nq}"));
        return (string)type
            .GetProperty("DebuggerText", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(x)!;
    }

    [GeneratedRegex(@",\s+size=\([0-9, ]+\)\)$")]
    private static partial Regex SizeSuffix();

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static Tensor Elements(Shape shape, string[] source) => source[0] == "uniform"
        ? Tensor.Uniform(shape, Number(source[2]), Number(source[3]), new Rng((ulong)Integer(source[1])))
        : Tensor.From(shape, [.. source[1..].Select(Number)]);

    private static float Number(string text) => text switch
    {
        "inf" => float.PositiveInfinity,
        "-inf" => float.NegativeInfinity,
        "nan" => float.NaN,
        _ => float.Parse(text, CultureInfo.InvariantCulture),
    };

    private static PrintOptions Options(string[] words) => words[1..].Select(word => word.Split('=')).Aggregate(
        new PrintOptions(),
        (options, word) => word[0] switch
        {
            "precision" => options with { Precision = Integer(word[1]) },
            "threshold" => options with { Threshold = Integer(word[1]) },
            "edgeitems" => options with { EdgeItems = Integer(word[1]) },
            "linewidth" => options with { LineWidth = Integer(word[1]) },
            "sci_mode" => options with { SciMode = word[1] == "True" },
            _ => throw new InvalidDataException($"the option {word[0]}"),
        });
}
