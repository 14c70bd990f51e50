namespace PyNetSharp;

/// <summary>Where an input's gradient goes: to the op that computed the input, to a leaf, or nowhere.</summary>
internal readonly record struct Edge(Op? GradFn, Tensor? Leaf, Shape Shape)
{
    public bool IsValid => GradFn is not null || Leaf is not null;

    public static Edge To(Tensor x) => new(x.GradFn, x.RequiresGrad ? x : null, x.Shape);

    public static Edge[] ToAll(ReadOnlySpan<Tensor> inputs)
    {
        var edges = new Edge[inputs.Length];
        for (var i = 0; i < edges.Length; i++) edges[i] = To(inputs[i]);
        return edges;
    }
}
