namespace PyNetSharp;

/// <summary>Copies many tensors with one call.</summary>
public static class TensorCopyExtensions
{
    extension(Tensor)
    {
        /// <summary>
        /// Overwrites the second tensor of each pair with the first; on a GPU by multi-tensor launches.
        /// </summary>
        /// <param name="pairs">Of the same shape, on the same device; no tensor is in two of them.</param>
        /// <exception cref="ShapeException">The shapes of a pair differ.</exception>
        /// <exception cref="InvalidOperationException">The devices of a pair differ.</exception>
        public static void CopyAll(ReadOnlySpan<(Tensor From, Tensor To)> pairs)
        {
            foreach (var (from, to) in pairs) to.CheckSource(from);
            while (!pairs.IsEmpty)
            {
                var device = pairs[0].To.Device;
                var copies = new (Storage, Storage, int)[CountOnDevice(pairs, device)];
                for (var i = 0; i < copies.Length; i++)
                {
                    copies[i] = (pairs[i].From.Storage, pairs[i].To.Storage, pairs[i].To.Shape.Size);
                    pairs[i].To.BumpVersion();
                }

                device.CopyAll(copies);
                pairs = pairs[copies.Length..];
            }
        }
    }

    /// <summary>How many pairs at the start are on the device.</summary>
    private static int CountOnDevice(ReadOnlySpan<(Tensor From, Tensor To)> pairs, Device device)
    {
        var n = 0;
        while (n < pairs.Length && pairs[n].To.Device == device) n++;
        return n;
    }
}
