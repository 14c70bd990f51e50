using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Every row of <see cref="OpTable"/> with extents of 0, one or several of them.</summary>
internal static class EmptyExtents
{
    /// <summary>
    /// The shapes of a row with one extent set to 0, and with all extents of one size set to 0: so what must agree
    /// still does.
    /// </summary>
    public static IEnumerable<Shape[]> Of(OpRow row)
    {
        var single =
            from i in Enumerable.Range(0, row.Shapes.Length)
            from axis in Enumerable.Range(0, row.Shapes[i].Rank)
            select row.Shapes.Select((shape, j) => WithZeroExtent(shape, (at, _) => i == j && at == axis)).ToArray();
        var alike = row.Shapes.SelectMany(shape => shape).Distinct()
            .Select(size => row.Shapes.Select(shape => WithZeroExtent(shape, (_, extent) => extent == size)).ToArray());
        return single.Concat(alike).DistinctBy(shapes => string.Join(", ", shapes.AsEnumerable()));
    }

    /// <summary>
    /// The result and the gradients, in memory that is full of <paramref name="fill"/> elsewhere; null if the op
    /// refused the shapes, by an error that names them.
    /// </summary>
    public static float[][]? Run(OpRow row, Shape[] shapes, Device device, float fill)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var guards = new DeviceCanaries(device, shapes, fill);
            var x = row.DrawInputs(shapes, device);
            foreach (var leaf in x) leaf.RequiresGrad = true;
            Tensor y;
            try
            {
                y = row.Op(x).Keep();
            }
            catch (Exception e) when (e is ShapeException or ArgumentOutOfRangeException { ActualValue: not null })
            {
                foreach (var shape in shapes.Where(_ => e is ShapeException))
                    Assert.That(e.Message, Does.Contain(shape.ToString()));
                return null;
            }

            y.Backward(Tensor.Uniform(y.Shape, -1, 1, new(7), device));
            foreach (var (i, leaf) in x.Index()) Assert.That(leaf.Grad!.Shape, Is.EqualTo(shapes[i]), $"gradient {i}");
            var fault = guards.FindOverwritten([]);
            if (attempt < 5 && (guards.AreStale || (fault is not null && attempt == 1)))
            {
                GC.Collect();
                continue;
            }

            Assert.That(fault, Is.Null);
            return [y.ToArray(), .. x.Select(leaf => leaf.Grad!.ToArray())];
        }
    }

    /// <summary>
    /// Whether a result that nothing went into may be NaN: what is divided by the number of its elements.
    /// </summary>
    public static bool MayBeNaN(OpRow row) =>
        row.Name.StartsWith("Mean") || row.Name.Contains("CrossEntropy") || row.Name.Contains("Loss")
        || row.Name.StartsWith("Variance") || row.Name.StartsWith("Std");

    private static Shape WithZeroExtent(Shape shape, Func<int, int, bool> isEmpty) =>
        [.. shape.Select((extent, axis) => isEmpty(axis, extent) ? 0 : extent)];
}
