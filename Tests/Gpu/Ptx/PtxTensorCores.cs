namespace PyNetSharp.Tests;

/// <summary>Instructions that a warp executes as one: mma and ldmatrix.</summary>
internal static class PtxTensorCores
{
    /// <summary>The bits of an operand that tensor cores read: sign, exponent and ten of the fraction.</summary>
    private const uint Tf32Mask = ~0x1FFFu;

    public static Action<PtxThread[]>? Of(PtxStatement s) => s.Opcode switch
    {
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" => Multiply(s),
        "ldmatrix.sync.aligned.m8n8.x4.shared.b16" => LoadMatrices(s),
        _ => null,
    };

    /// <summary>d[16, 8] = a[16, 8]·b[8, 8] + c[16, 8], in fragments that the warp's threads hold.</summary>
    /// <remarks>
    /// <para>
    /// PTX ISA, "Matrix Fragments for mma.m16n8k8": with g = thread / 4 and t = thread % 4, a0 … a3 are a[g, t], a[g +
    /// 8, t], a[g, t + 4] and a[g + 8, t + 4]; b0 and b1 are b[t, g] and b[t + 4, g]; c0 … c3 are c[g, 2t], c[g, 2t +
    /// 1], c[g + 8, 2t] and c[g + 8, 2t + 1].
    /// </para>
    /// <para>Sums are rounded once here; how often the hardware rounds is not documented.</para>
    /// </remarks>
    private static Action<PtxThread[]> Multiply(PtxStatement s)
    {
        var (d, a, b, c) = (s.Registers(0), s.Registers(1), s.Registers(2), s.Registers(3));
        if ((d.Length, a.Length, b.Length, c.Length) != (4, 4, 2, 4))
            throw new PtxException("a matrix of another size");
        return warp =>
        {
            var (matrixA, matrixB) = (new float[16, 8], new float[8, 8]);
            foreach (var (i, thread) in warp.Index())
            {
                var (g, t) = (i / 4, i % 4);
                for (var r = 0; r < 4; r++) matrixA[g + r % 2 * 8, t + r / 2 * 4] = Get(thread, a[r]);
                for (var r = 0; r < 2; r++) matrixB[t + r * 4, g] = Get(thread, b[r]);
            }

            foreach (var (i, thread) in warp.Index())
            {
                var (g, t) = (i / 4, i % 4);
                var sums = new float[4];
                for (var r = 0; r < 4; r++)
                {
                    double sum = thread.Get<float>(c[r]);
                    for (var k = 0; k < 8; k++) sum += (double)matrixA[g + r / 2 * 8, k] * matrixB[k, 2 * t + r % 2];
                    sums[r] = (float)sum;
                }

                for (var r = 0; r < 4; r++) thread.Set(d[r], sums[r]);
            }
        };

        static float Get(PtxThread thread, int register) =>
            BitConverter.UInt32BitsToSingle(thread.Get<uint>(register) & Tf32Mask);
    }

    /// <summary>
    /// Four matrices of eight rows of 16 bytes. Eight threads hold the addresses of each; thread 4g + t gets the bytes
    /// 4t … 4t + 3 of row g of each.
    /// </summary>
    private static Action<PtxThread[]> LoadMatrices(PtxStatement s)
    {
        var (d, (register, offset)) = (s.Registers(0), s.Address(1));
        return warp =>
        {
            ulong[] rows = [.. warp.Select(thread => thread.Get<ulong>(register) + (ulong)offset)];
            foreach (var row in rows) PtxMemoryAccess.CheckAlignment(row, 16);
            foreach (var (i, thread) in warp.Index())
                for (var m = 0; m < 4; m++)
                {
                    var address = rows[m * 8 + i / 4] + (ulong)(i % 4 * 4);
                    thread.SetBytes(d[m], thread.Cta.Shared(address).Read(thread, address, 4));
                }
        };
    }
}
