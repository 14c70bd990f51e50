namespace PyNetSharp.Optimizers;

/// <summary>Adds the gradients of the parts of a batch, by a binary tree that their number alone determines.</summary>
/// <remarks>
/// Node j of a level is the sum of nodes 2j and 2j + 1 of the level below, in this order, or node 2j where there is no
/// other; the parts are the lowest level. So the result does not depend on who adds which nodes. The sums are kept as
/// the digits of a binary counter: of S parts, log₂ S gradients of each parameter at most.
/// <code>
/// tree.Begin();
/// foreach (var (x, labels) in parts)
/// {
///     (model.Forward(x).CrossEntropy(labels) * share).Backward();
///     tree.Add();
/// }
///
/// tree.End();
/// optimizer.Step();
/// </code>
/// </remarks>
/// <param name="parameters">Those whose gradients are added.</param>
public sealed class GradientTree(IReadOnlyList<Parameter> parameters)
{
    private readonly List<(int Level, Tensor?[] Sums)> nodes = [];      // the highest level first
    private readonly Stack<Tensor?[]> idle = [];                        // arrays to be used again
    private Tensor?[]? earlier;             // the gradients that there were before the first part

    /// <summary>The number of elements of all parameters.</summary>
    public int Size { get; } = checked(parameters.Sum(parameter => parameter.Shape.Size));

    /// <summary>Puts the gradients that there are aside: <see cref="End"/> adds the sum to them.</summary>
    public void Begin()
    {
        foreach (var (_, sums) in nodes) Release(sums);     // of parts that were not ended, after a fault
        nodes.Clear();
        if (earlier is not null) Release(earlier);
        earlier = Take();
    }

    /// <summary>Takes the parameters' gradients as those of the next part; a missing one counts as zero.</summary>
    public void Add()
    {
        nodes.Add((0, Take()));
        while (nodes is [.., var left, var right] && left.Level == right.Level) Join();
    }

    /// <summary>Adds what is left to be added: now the sum can be read.</summary>
    public void Close()
    {
        while (nodes.Count > 1) Join();
        if (nodes.Count == 0) nodes.Add((0, Take()));
    }

    /// <summary>Whether a parameter had a gradient in any part, by its index; after <see cref="Close"/>.</summary>
    public bool HasGradient(int parameter) => nodes[0].Sums[parameter] is not null;

    /// <summary>
    /// Copies the sum to the host, parameter after parameter, each in storage order; zeros where there is no gradient.
    /// </summary>
    /// <param name="values">As many as <see cref="Size"/>.</param>
    public void CopyTo(Span<float> values)
    {
        Close();
        foreach (var (i, parameter) in parameters.Index())
        {
            var part = values[..parameter.Shape.Size];
            if (nodes[0].Sums[i] is { } sum) sum.Device.Download(sum.Storage, part);
            else part.Clear();
            values = values[part.Length..];
        }
    }

    /// <summary>Replaces the sum.</summary>
    /// <param name="values">In the order of <see cref="CopyTo"/>.</param>
    /// <param name="hasGradient">Says by a parameter's index whether it has a gradient.</param>
    public void CopyFrom(ReadOnlySpan<float> values, Func<int, bool> hasGradient)
    {
        ArgumentNullException.ThrowIfNull(hasGradient);
        Close();
        var sums = nodes[0].Sums;
        foreach (var (i, parameter) in parameters.Index())
        {
            var part = values[..parameter.Shape.Size];
            values = values[part.Length..];
            if (!hasGradient(i))
            {
                Release(ref sums[i]);
                continue;
            }

            if (sums[i] is not { IsExclusive: true })
            {
                Release(ref sums[i]);
                sums[i] = New(parameter);
            }

            sums[i]!.BumpVersion();
            sums[i]!.Device.Upload(part, sums[i]!.Storage);
        }
    }

    /// <summary>Makes the sum the parameters' gradients, or adds it to those before <see cref="Begin"/>.</summary>
    public void End()
    {
        Close();
        if (earlier is not null)
        {
            Add(earlier, nodes[0].Sums, fillsGaps: false);
            Release(nodes[0].Sums);
            nodes[0] = (0, earlier);
            earlier = null;
        }

        var sums = nodes[0].Sums;
        for (var i = 0; i < sums.Length; i++) parameters[i].Grad = sums[i];
        Release(sums);
        nodes.Clear();
    }

    /// <summary>Adds the last node to the one before it.</summary>
    private void Join()
    {
        var (left, right) = (nodes[^2], nodes[^1]);
        Add(left.Sums, right.Sums, fillsGaps: true);
        Release(right.Sums);
        nodes.RemoveAt(nodes.Count - 1);
        nodes[^1] = (left.Level + 1, left.Sums);
    }

    /// <summary>The gradients that the parameters have, which they lose.</summary>
    private Tensor?[] Take()
    {
        if (!idle.TryPop(out var sums)) sums = new Tensor?[parameters.Count];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = parameters[i].Grad;
            sums[i]?.Retain();
            parameters[i].Grad = null;
        }

        return sums;
    }

    /// <param name="to">Receives the sums.</param>
    /// <param name="from">What is added.</param>
    /// <param name="fillsGaps">
    /// Whether a gradient that is only on one side is added to zero, as where processes add all they have: that makes
    /// −0 to 0. Otherwise it is taken as it is.
    /// </param>
    private void Add(Tensor?[] to, Tensor?[] from, bool fillsGaps)
    {
        for (var i = 0; i < to.Length; i++)
        {
            if ((to[i] ?? from[i]) is null) continue;
            if (!fillsGaps && to[i] is null)
            {
                (to[i], from[i]) = (from[i], null);
                continue;
            }

            if (from[i] is null && !fillsGaps) continue;
            to[i] ??= Zeros(parameters[i]);
            from[i] ??= Zeros(parameters[i]);
            if (!to[i]!.IsExclusive)
            {
                var copy = New(parameters[i]);
                copy.Device.Copy(to[i]!.Storage, copy.Storage, copy.Shape.Size);
                Release(ref to[i]);
                to[i] = copy;
            }

            to[i]!.BumpVersion();
            to[i]!.Device.Accumulate(from[i]!.Storage, to[i]!.Storage, parameters[i].Shape.Size);
        }
    }

    private static Tensor New(Parameter parameter)
    {
        var tensor = new Tensor(parameter.Shape, parameter.Device);
        tensor.Retain();
        return tensor;
    }

    private static Tensor Zeros(Parameter parameter)
    {
        var zeros = New(parameter);
        zeros.Device.Fill(zeros.Storage, zeros.Shape.Size, 0);
        return zeros;
    }

    private void Release(Tensor?[] sums)
    {
        for (var i = 0; i < sums.Length; i++) Release(ref sums[i]);
        idle.Push(sums);
    }

    private static void Release(ref Tensor? sum)
    {
        sum?.ReleaseRetained();
        sum = null;
    }
}
