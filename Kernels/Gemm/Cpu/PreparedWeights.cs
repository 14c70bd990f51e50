namespace PyNetSharp.Kernels.Gemm;

/// <summary>A form in which kernels read a weight, such as packed panels.</summary>
internal unsafe interface IWeightLayout
{
    /// <summary>Floats of a weight in this form.</summary>
    /// <param name="depth">Products per sum: R·S·C.</param>
    /// <param name="outputs">Output channels.</param>
    int PreparedSize(int depth, int outputs);

    /// <summary>Writes a weight in this form.</summary>
    /// <param name="rows">[outputs, depth], as weights are stored.</param>
    /// <param name="to"><see cref="PreparedSize"/> floats.</param>
    void Prepare(CpuDevice cpu, float* rows, int depth, int outputs, float* to);
}

/// <summary>A weight in the forms in which kernels read it, which are kept as long as its content stands.</summary>
/// <remarks>
/// A form is kept from the second time on that it is asked for at the same <see cref="Storage.Version"/>, with a graph
/// recorded or without. So inference prepares a weight once, and a training step, which asks once per version, keeps
/// nothing and takes no more memory, also after a summary or an evaluation at the same version. A form of an earlier
/// version is freed when the weight is asked for again, or with the storage. Any number of threads may read a form at
/// once: it is freed after the last of them is done.
/// </remarks>
internal sealed unsafe class PreparedWeights : IDisposable
{
    private Form? first;

    private PreparedWeights()
    {
    }

    /// <summary>The weight in a layout, if that is kept from now on; else the caller prepares it for itself.</summary>
    /// <param name="weight">
    /// Any number of groups of [<paramref name="outputs"/>, <paramref name="depth"/>] floats, each of which is prepared
    /// by itself, one after the other.
    /// </param>
    /// <param name="layout">The layout.</param>
    /// <param name="depth">Products per sum: R·S·C.</param>
    /// <param name="outputs">Output channels of a group.</param>
    public static Lease Acquire(Tensor weight, IWeightLayout layout, int depth, int outputs)
    {
        var storage = weight.Storage;
        if (storage.IsReused) return default;
        var prepared = (PreparedWeights)(storage.Derived ?? storage.AddDerived(new PreparedWeights()));
        var form = prepared.FormOf(layout, depth, outputs);
        return form.TryAcquire(storage.Version) is { } block ? new(block) : form.Prepare(weight);
    }

    /// <summary>Frees what is kept.</summary>
    public void Dispose()
    {
        for (var form = Volatile.Read(ref first); form is not null; form = form.Next) form.Dispose();
    }

    private Form FormOf(IWeightLayout layout, int depth, int outputs)
    {
        while (true)
        {
            var head = Volatile.Read(ref first);
            for (var form = head; form is not null; form = form.Next)
                if (ReferenceEquals(form.Layout, layout) && form.Depth == depth && form.Outputs == outputs)
                    return form;
            var added = new Form(layout, depth, outputs, head);
            if (Interlocked.CompareExchange(ref first, added, head) == head) return added;
        }
    }

    /// <summary>One form, kept or not.</summary>
    private sealed class Form(IWeightLayout layout, int depth, int outputs, Form? next) : IDisposable
    {
        private readonly Lock preparation = new();
        private Kept? kept;
        private (int Version, bool IsRecorded) lastAsk = (-1, false);

        public IWeightLayout Layout => layout;

        public int Depth => depth;

        public int Outputs => outputs;

        public Form? Next => next;

        /// <summary>What is kept of this version, with a reference for the caller; else null.</summary>
        public DerivedBlock? TryAcquire(int version) =>
            Volatile.Read(ref kept) is { } found && found.Version == version && found.Block.TryRetain()
                ? found.Block
                : null;

        public Lease Prepare(Tensor weight)
        {
            // One thread prepares what is to be kept, and others wait for it.
            lock (preparation)
            {
                var version = weight.Storage.Version;
                if (TryAcquire(version) is { } found) return new(found);
                Dispose();
                var ask = (version, GradMode.IsEnabled);
                var keeps = lastAsk == ask;
                lastAsk = ask;
                if (!keeps || weight.Cpu.Derived.TryAdd(Size(weight)) is not { } block) return default;
                PrepareGroups(weight, (float*)block.Start);
                Volatile.Write(ref kept, new(version, block));
                return new(block);
            }
        }

        public void Dispose()
        {
            Volatile.Read(ref kept)?.Block.Drop();
            Volatile.Write(ref kept, null);
        }

        private int Size(Tensor weight) => checked(Groups(weight) * layout.PreparedSize(depth, outputs));

        private int Groups(Tensor weight) => weight.Shape.Size / (depth * outputs);

        private void PrepareGroups(Tensor weight, float* to)
        {
            for (var group = 0; group < Groups(weight); group++)
                layout.Prepare(
                    weight.Cpu, weight.Pointer + (nint)group * outputs * depth, depth, outputs,
                    to + (nint)group * layout.PreparedSize(depth, outputs));
        }
    }

    private sealed record Kept(int Version, DerivedBlock Block);

    /// <summary>A prepared weight until Dispose, or none.</summary>
    public readonly ref struct Lease(DerivedBlock? kept)
    {
        /// <summary>Null if there is none.</summary>
        public float* Pointer => (float*)(kept?.Start ?? 0);

        public void Dispose() => kept?.Release();
    }
}
