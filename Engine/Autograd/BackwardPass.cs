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
                $"Backward: {root} is in no graph: no input required a gradient, or it was computed under NoGrad.");

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

        root.Keep();
        seed.Retain();
        Deliver(Edge.To(root), seed);
        while (pending.TryDequeue(out var op, out _))
        {
            gradients.Remove(op, out var dy);
            var edges = op.Edges;
            var dx = op.BackwardOnce(dy!);
            // One per edge: dx may be dy, or the same for two inputs
            foreach (var gradient in dx) gradient?.Retain();
            dy!.ReleaseRetained();
            for (var i = 0; i < edges.Length; i++)
                if (dx[i] is { } gradient)
                    Deliver(edges[i], gradient);
            op.ReleaseAll();
        }

        // Takes over the pass's reference to dx.
        void Deliver(Edge to, Tensor dx)
        {
            if (dx.Shape != to.Shape)
                throw new ShapeException($"Backward: a gradient of shape {dx.Shape} for a tensor of shape {to.Shape}.");
            if (to.Leaf is { RequiresGrad: true } leaf)             // it may have been frozen or moved since the op ran
            {
                using var onLeafDevice = new TemporaryTensor(dx.CopyToDevice(leaf.Device), borrowed: dx);
                AccumulateGrad(leaf, onLeafDevice);
            }

            if (to.GradFn is not { } op)
            {
                dx.ReleaseRetained();
            }
            else if (gradients.TryGetValue(op, out var earlier))
            {
                var total = Add(earlier, dx);
                dx.ReleaseRetained();
                if (ReferenceEquals(total, earlier)) return;
                total.Retain();
                earlier.ReleaseRetained();
                gradients[op] = total;
            }
            else
            {
                gradients.Add(op, dx);
                pending.Enqueue(op, -op.SequenceNumber);
            }
        }
    }

    /// <remarks>
    /// Each leaf gets a gradient of its own, which may be clipped in place: never the caller's seed or another leaf's.
    /// </remarks>
    private static void AccumulateGrad(Tensor leaf, Tensor dx) =>
        leaf.Grad = leaf.Grad is { } sum ? Add(sum, dx) : dx.HasSingleReference ? dx : Copy(dx);

    /// <summary>sum + dx: in place unless something else holds the sum too.</summary>
    private static Tensor Add(Tensor sum, Tensor dx)
    {
        var target = sum.HasSingleReference ? sum : Copy(sum);
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
