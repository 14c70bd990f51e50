namespace PyNetSharp;

/// <summary>Reverse-mode differentiation: computes the gradients of all leaves from the gradient of a result.</summary>
/// <remarks>
/// Visits ops by descending sequence number. An op is older than all consumers of its result, so all terms of its
/// gradient have been added when it is visited. There is no recursion, so the depth of a graph is not limited. The pass
/// holds one reference to each gradient between the op that computed it and the op that reads it.
/// </remarks>
internal static class BackwardPass
{
    public static void Run(Tensor root, Tensor seed)
    {
        if (!root.InGraph)
            throw new InvalidOperationException(
                $"Backward: {root.Describe()} is in no graph: no input required a gradient, or it was computed under " +
                "NoGrad.");

        using var noGrad = GradMode.NoGrad();       // there are no gradients of gradients
        GradMode.InBackward = true;
        try
        {
            Traverse(root, seed);
        }
        finally
        {
            GradMode.InBackward = false;
        }
    }

    private static void Traverse(Tensor root, Tensor seed)
    {
        var pending = new PriorityQueue<Op, long>();
        var gradients = new Dictionary<Op, Tensor>();

        root.Keep();            // the loss stays readable after Backward
        seed.Retain();
        Accumulate(Edge.To(root), seed, "the seed");
        while (pending.TryDequeue(out var op, out _))
        {
            gradients.Remove(op, out var dy);
            if (op.RetainedOutput is { } result) AccumulateGrad(result, dy!);
            var edges = op.Edges;
            var inputGradients = op.BackwardOnce(dy!);
            // One per edge: an input's gradient may be dy, or that of another input too
            foreach (var gradient in inputGradients) gradient?.Retain();
            dy!.ReleaseRetained();
            for (var i = 0; i < edges.Length; i++)
                if (inputGradients[i] is { } gradient)
                    Accumulate(edges[i], gradient, op.Name);
            op.ReleaseAll();
        }

        // Adds the gradient to those of the leaf and the op at the edge; takes over the pass's reference to it.
        void Accumulate(Edge edge, Tensor gradient, string origin)
        {
            if (gradient.Shape != edge.Shape)
                throw new ShapeException(
                    $"Backward: {origin} gave a gradient of shape {gradient.Shape} for a tensor of shape " +
                    $"{edge.Shape}.");
            if (edge.Leaf is { RequiresGrad: true } leaf)       // it may have been frozen or moved since the op ran
            {
                using var onLeafDevice = new TemporaryTensor(gradient.CopyToDevice(leaf.Device), borrowed: gradient);
                AccumulateGrad(leaf, onLeafDevice);
            }

            if (edge.GradFn is not { } op)
            {
                gradient.ReleaseRetained();
            }
            else if (gradients.TryGetValue(op, out var earlier))
            {
                var total = Add(earlier, gradient);
                gradient.ReleaseRetained();
                if (ReferenceEquals(total, earlier)) return;
                total.Retain();
                earlier.ReleaseRetained();
                gradients[op] = total;
            }
            else
            {
                gradients.Add(op, gradient);
                pending.Enqueue(op, -op.SequenceNumber);
            }
        }
    }

    /// <remarks>
    /// Each leaf gets a gradient of its own, which may be clipped in place: never the caller's seed or another leaf's.
    /// </remarks>
    private static void AccumulateGrad(Tensor leaf, Tensor dx) =>
        leaf.Grad = leaf.Grad is { } sum ? Add(sum, dx) : dx.IsExclusive ? dx : Copy(dx);

    /// <summary>sum + dx: in place unless something else holds the sum too.</summary>
    private static Tensor Add(Tensor sum, Tensor dx)
    {
        var target = sum.IsExclusive ? sum : Copy(sum);
        target.BumpVersion();
        target.Device.Accumulate(dx.Storage, target.Storage, dx.Shape.Size);
        return target;
    }

    private static Tensor Copy(Tensor from)
    {
        var copy = new Tensor(from.Shape, from.Device);
        from.Device.Copy(from.Storage, copy.Storage, from.Shape.Size);
        return copy;
    }
}
