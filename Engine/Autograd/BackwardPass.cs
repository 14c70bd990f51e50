namespace PyNetSharp;

/// <summary>Reverse-mode differentiation: carries gradients from a result to the leaves.</summary>
/// <remarks>
/// Visits ops newest first: an op is older than all its consumers, so its gradient is whole when its turn comes. There is
/// no recursion, so depth costs nothing. A gradient is released as soon as its op has used it.
/// </remarks>
internal static class BackwardPass
{
    public static void Run(Tensor root, Tensor seed)
    {
        if (!root.InGraph)
            throw new InvalidOperationException(
                $"Backward: no graph leads to {root}: no input required a gradient, or recording was paused.");

        using var paused = GradMode.NoGrad();       // gradients carry no graph of their own
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
            foreach (var gradient in dx) gradient?.Retain();    // once per input: one tensor may go to several, and be dy
            dy!.ReleaseRetained();
            for (var i = 0; i < edges.Length; i++)
                if (dx[i] is { } gradient)
                    Deliver(edges[i], gradient);
            op.ReleaseAll();
        }

        // Takes over one reference to dx.
        void Deliver(Edge to, Tensor dx)
        {
            if (dx.Shape != to.Shape)
                throw new ShapeException($"Backward: a gradient of shape {dx.Shape} for a tensor of shape {to.Shape}.");
            if (to.Leaf is { RequiresGrad: true } leaf)
                AccumulateGrad(leaf, dx.To(leaf.Device));           // the leaf may have been frozen or moved since
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
    /// A leaf's gradient has no other reference, so that it may be clipped in place: it is neither the caller's seed nor
    /// another leaf's.
    /// </remarks>
    private static void AccumulateGrad(Tensor leaf, Tensor dx) =>
        leaf.Grad = leaf.Grad is { } sum ? Add(sum, dx) : dx.HasSingleReference ? dx : Copy(dx);

    /// <summary>sum + dx: in place where nobody else reads the sum.</summary>
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
