using PyNetSharp.Data;

namespace PyNetSharp.Training;

/// <summary>Looks for NaN and infinity, once a loss is not finite: in the data and in the parameters.</summary>
internal static class NonFinite
{
    /// <summary>Which item of a batch has such numbers, in itself or in its target; null if none has.</summary>
    /// <param name="batch">As the loss was computed from it.</param>
    /// <param name="items">The items' indices in the data set, where they are known.</param>
    /// <param name="set">What the data set is called.</param>
    public static string? In(Batch batch, IReadOnlyList<int>? items = null, string set = "the data set")
    {
        var (values, kind) = (batch.X, "the input");
        var found = IndexIn(values);
        if (found < 0 && !batch.Target.HasLabels)
        {
            (values, kind) = (batch.Target.Values, "the target");
            found = IndexIn(values);
        }

        if (found < 0) return null;
        var position = found / Math.Max(1, values.Shape.Size / batch.Count);
        var name = NameOf(values.ToArray()[found]);
        return items is null
            ? FormattableString.Invariant($"{kind} of item {position} of the batch contains {name}")
            : FormattableString.Invariant($"{kind} of item {items[position]} of {set} contains {name}");
    }

    /// <summary>As the other form, among the batches of an epoch from one to before another.</summary>
    public static string? In(DataLoader data, int epoch, int first, int end, string set = "the data set")
    {
        foreach (var (i, batch) in data.Epoch(epoch, first).Take(end - first).Index())
            if (In(batch, data.Items(epoch, first + i), set) is { } fault)
                return fault;
        return null;
    }

    /// <summary>The path of the first parameter that has such a number, and what it has; null if none has.</summary>
    public static string? In(Module model)
    {
        foreach (var (path, tensor) in model.State())
            if (tensor is Parameter && IndexIn(tensor) is >= 0 and var i)
                return $"the parameter '{path}' contains {NameOf(tensor.ToArray()[i])}";
        return null;
    }

    private static int IndexIn(Tensor tensor) => Array.FindIndex(tensor.ToArray(), value => !float.IsFinite(value));

    private static string NameOf(float value) => float.IsNaN(value) ? "NaN" : "infinity";
}
