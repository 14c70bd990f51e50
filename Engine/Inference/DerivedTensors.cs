namespace PyNetSharp;

/// <summary>Tensors that follow from others, and are computed anew after those have changed.</summary>
/// <param name="sources">What the results are computed from.</param>
/// <param name="results">Overwritten; they belong to this object.</param>
internal abstract class DerivedTensors(Tensor[] sources, Tensor[] results)
{
    private readonly int[] versions = [.. sources.Select(_ => -1)];

    public IReadOnlyList<Tensor> Results => results;

    /// <summary>Whether no source has changed since the last <see cref="Update"/>.</summary>
    public bool IsCurrent
    {
        get
        {
            for (var i = 0; i < versions.Length; i++)
                if (sources[i].Storage.Version != versions[i])
                    return false;
            return true;
        }
    }

    public void Update()
    {
        Compute();
        for (var i = 0; i < versions.Length; i++) versions[i] = sources[i].Storage.Version;
    }

    public void Release()
    {
        foreach (var result in results) result.Release();
    }

    protected abstract void Compute();
}

/// <summary>An op in the place of two.</summary>
/// <param name="Op">Ready to compute; it has not been applied.</param>
/// <param name="Constants">Its inputs after the first; null for those of the first op.</param>
internal sealed record FusedOp(Op Op, DerivedTensors? Constants = null);
