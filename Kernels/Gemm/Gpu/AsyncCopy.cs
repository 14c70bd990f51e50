using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Copies four neighbouring floats into shared memory: they pass through no register, and nobody waits for them until
/// <see cref="WaitAllButLastGroup"/>.
/// </summary>
/// <param name="from">The address in global memory from which floats are counted.</param>
/// <param name="to">Where the four go, in bytes from the beginning of <see cref="MultistageTiles"/>.</param>
internal readonly struct AsyncCopy(long from, int to)
{
    /// <summary>
    /// The floats from <paramref name="index"/> on, a multiple of 4 for <see cref="Vector4Access"/>; zeros behind the first
    /// <paramref name="count"/>.
    /// </summary>
    public void CopyFour<TWidth>(int index, int count) where TWidth : struct, IAccessWidth
    {
        if (TWidth.IsVector4)
        {
            CudaAsm.Emit(
                "{ .reg .b32 to; add.s32 to, tiles, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }",
                to, from + 4 * (long)(uint)index, count > 0 ? 16 : 0);
            return;
        }

        CopyOne(0, index, count > 0);
        CopyOne(1, index + 1, count > 1);
        CopyOne(2, index + 2, count > 2);
        CopyOne(3, index + 3, count > 3);
    }

    /// <summary>Number <paramref name="i"/> of the four.</summary>
    public void CopyOne(int i, int index, bool inside) => CudaAsm.Emit(
        "{ .reg .b32 to; add.s32 to, tiles, %0; cp.async.ca.shared.global [to], [%1], 4, %2; }",
        to + 4 * i, from + 4 * (long)(uint)index, inside ? 4 : 0);

    /// <summary>1, 0, 0, 0</summary>
    public void StoreUnitVector() => CudaAsm.Emit(
        "{ .reg .b32 to; add.s32 to, tiles, %0; st.shared.v4.f32 [to], {0f3F800000, 0f00000000, 0f00000000, 0f00000000}; }", to);

    /// <summary>What has been sent since the last time belongs together.</summary>
    public static void CommitGroup() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all that this thread has sent but what belongs to the last <see cref="CommitGroup"/>.</summary>
    public static void WaitAllButLastGroup() => CudaAsm.Emit("cp.async.wait_group 1;");
}
