using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>What holds for every op: each test runs every row of <see cref="OpTable"/>.</summary>
[Category("Kernels")]
public sealed class OpTests
{
    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Value_is_the_reference(OpRow row)
    {
        if (row.Reference is null) Assert.Ignore("A golden value checks this one.");

        var expected = row.Reference([.. row.DrawInputs(row.Shapes, Device.Cpu).Select(ReferenceTensor.Of)]);
        Tensor y;
        int collections;
        do
        {
            // A collection in between may bring back blocks of earlier tests, which are not poisoned.
            GC.WaitForPendingFinalizers();
            collections = GC.CollectionCount(0);
            Poison([.. row.Shapes, expected.Shape]);
            y = row.Op(row.DrawInputs(row.Shapes, Device.Cpu));
        }
        while (GC.CollectionCount(0) != collections);

        Assert.That(y.Shape, Is.EqualTo(expected.Shape));
        Assert.That(PaddingOf(y).ToArray(), Is.All.NaN, "the block behind the result is not written");
        foreach (var (i, value) in y.ToArray().Index())
            if (!Near(value, expected.Values[i])) Assert.Fail($"element {i} is {value}, not {expected.Values[i]}");

        bool Near(double value, double right) =>
            value.Equals(right) || Math.Abs(value - right) <= row.ValueTolerance * (1 + Math.Abs(right));
    }

    /// <summary>
    /// ⟨dy, J·t⟩ by central differences must equal ⟨Jᵀ·dy, t⟩ from Backward, for one random direction t.
    /// </summary>
    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Gradient_matches_central_differences(OpRow row)
    {
        var x = row.DrawInputs(row.Shapes, Device.Cpu);
        foreach (var leaf in x) leaf.RequiresGrad = true;
        var before = x.Select(leaf => leaf.ToArray()).ToArray();
        var rng = new Rng(1984);
        var t = row.Shapes.Select(shape => Tensor.Uniform(shape, -1, 1, rng)).ToArray();

        Tensor[] inputs = [.. x.Select(leaf => leaf + 0)];
        var y = row.Op(inputs);
        var dy = Tensor.Uniform(y.Shape, -1, 1, rng);
        foreach (var input in inputs)
            if (input != y) input.Release();        // so that what Backward reads must have been saved
        Poison([.. row.Shapes, y.Shape]);
        y.Backward(dy);

        var analytic = x.Zip(t, (leaf, direction) => Dot(leaf.Grad!, direction)).Sum();
        var numeric = (Dot(row.Op(Moved(+row.Step)), dy) - Dot(row.Op(Moved(-row.Step)), dy)) / (2.0 * row.Step);
        Assert.That(analytic, Is.EqualTo(numeric).Within(row.Tolerance * (1 + Math.Abs(numeric))));
        Assert.That(x.Select(leaf => leaf.ToArray()), Is.EqualTo(before), "inputs are read only");

        Tensor[] Moved(float step) => [.. x.Zip(t, (leaf, direction) => Shifted(leaf, direction, step))];
    }

    /// <summary>An input that needs no gradient gets none, and the others' gradients stay what they were.</summary>
    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Each_input_may_be_the_only_one_with_a_gradient(OpRow row)
    {
        var all = Gradients(row, row.Shapes, Device.Cpu, _ => true);
        for (var only = 0; only < row.Shapes.Length; only++)
        {
            var one = Gradients(row, row.Shapes, Device.Cpu, i => i == only);
            for (var i = 0; i < one.Length; i++)
                Assert.That(one[i], Is.EqualTo(i == only ? all[i] : null), $"input {i}, only {only} wanted");
        }
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Threads_do_not_change_a_bit(OpRow row)
    {
        var one = Run(new(threads: 1));
        var many = Run(new(threads: 3));
        for (var i = 0; i < one.Length; i++)
            Assert.That(one[i].AsSpan().SequenceEqual(many[i]), $"array {i}: result first, then the gradients");

        float[][] Run(CpuDevice device)
        {
            float[] y;
            using (GradMode.NoGrad()) y = row.Op(row.DrawInputs(row.LargeShapes, device)).ToArray();
            return [y, .. Gradients(row, row.LargeShapes, device, _ => true)!];
        }
    }

    [TestCaseSource(typeof(OpTable), nameof(OpTable.ShapeErrors))]
    public void Shape_errors_name_the_op_and_all_shapes(ShapeErrorRow fault)
    {
        var x = fault.Shapes.Select(shape => Tensor.Zeros(shape)).ToArray();
        var error = Assert.Throws<ShapeException>(() => fault.Op(x))!;
        Assert.That(error.Message, Does.StartWith(fault.Name + ":"));
        foreach (var shape in fault.Shapes) Assert.That(error.Message, Does.Contain(shape.ToString()));
    }

    [Test]
    public void Every_op_has_a_row()
    {
        var covered = OpTable.Rows.SelectMany(row =>
        {
            var x = row.DrawInputs(row.Shapes, Device.Cpu);
            foreach (var leaf in x) leaf.RequiresGrad = true;
            return Ancestors(row.Op(x).GradFn);
        }).ToHashSet();

        var types = typeof(ReluExtensions).Assembly.GetTypes();
        var formulas = types.Where(type => type.IsValueType && !type.IsGenericTypeDefinition && !type.IsNested);
        var elementwise = formulas.Where(type => type.IsAssignableTo(typeof(IUnaryFormula)))
            .Select(formula => typeof(ElementwiseOp<>).MakeGenericType(formula));
        var binary = formulas.Where(type => type.IsAssignableTo(typeof(IBinaryFormula)))
            .Except(ComparisonTests.Formulas)               // in no graph
            .Select(formula => typeof(BinaryOp<>).MakeGenericType(formula));
        var losses = types
            .Where(type => type.IsValueType && !type.IsGenericTypeDefinition)
            .Where(type => type.IsAssignableTo(typeof(ILossFormula)))
            .Select(formula => typeof(ElementwiseLossOp<>).MakeGenericType(formula));
        var ops = types
            .Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract && !type.IsGenericTypeDefinition)
            .Concat(elementwise).Concat(binary).Concat(losses);
        Assert.That(ops.Where(op => !covered.Contains(op)), Is.Empty, "ops that OpTable never runs");
    }

    internal static IEnumerable<Type> Ancestors(Op? op) =>
        op is null ? [] : op.Edges.SelectMany(edge => Ancestors(edge.GradFn)).Prepend(op.GetType());

    private static float[]?[] Gradients(OpRow row, Shape[] shapes, Device device, Func<int, bool> wanted)
    {
        var x = row.DrawInputs(shapes, device);
        foreach (var (i, leaf) in x.Index()) leaf.RequiresGrad = wanted(i);
        var y = row.Op(x);
        y.Backward(Tensor.Uniform(y.Shape, -1, 1, new(7), device));
        return [.. x.Select(leaf => leaf.Grad?.ToArray())];
    }

    /// <summary>
    /// Fills the blocks that the next tensors of these sizes will get with NaN, so that an element left unwritten
    /// shows.
    /// </summary>
    private static void Poison(IEnumerable<Shape> shapes)
    {
        foreach (var shape in shapes)
        {
            var fill = Enumerable.Range(0, 6).Select(_ => new Tensor([BlockLength(shape)], Device.Cpu)).ToArray();
            foreach (var tensor in fill) tensor.Span.Fill(float.NaN);
            foreach (var tensor in fill) tensor.Release();
        }
    }

    /// <summary>What lies between the tensor's last element and the end of its block.</summary>
    private static Span<float> PaddingOf(Tensor x) =>
        ((CpuStorage)x.Storage).Span(BlockLength(x.Shape))[x.Shape.Size..];

    private static int BlockLength(Shape shape) =>
        (int)(CachingAllocator<nint>.RoundedSize(Math.Max(1, shape.Size) * sizeof(float)) / sizeof(float));

    private static double Dot(Tensor a, Tensor b) => a.ToArray().Zip(b.ToArray(), (x, y) => (double)x * y).Sum();

    private static Tensor Shifted(Tensor x, Tensor direction, float step) =>
        Tensor.From(x.Shape, [.. x.ToArray().Zip(direction.ToArray(), (value, d) => value + step * d)]);
}
