using ILGPU.Runtime.Cuda;

namespace PyNetSharp.Kernels.Gemm;

/// <summary>
/// Copies four contiguous floats from global to shared memory with <c>cp.async</c>: they pass through no register, and
/// the thread waits for them only in <see cref="WaitAllButLastGroup"/>.
/// </summary>
/// <param name="source">The address in global memory of the float with index 0.</param>
/// <param name="target">Where the four floats go, in bytes from the beginning of <see cref="MultistageTiles"/>.</param>
internal readonly struct AsyncCopy(long source, int target)
{
    /// <summary>
    /// The floats from <paramref name="index"/> on, a multiple of 4 for <see cref="VectorAccess"/>; zeros after the
    /// first <paramref name="count"/>.
    /// </summary>
    public void CopyFour<TAccess>(int index, int count) where TAccess : struct, IGlobalAccess
    {
        if (TAccess.IsVector4)
        {
            CudaAsm.Emit(
                "{ .reg .b32 to; add.s32 to, tiles, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }",
                target, source + 4 * (long)(uint)index, count > 0 ? 16 : 0);
            return;
        }

        CopyOne(0, index, count > 0);
        CopyOne(1, index + 1, count > 1);
        CopyOne(2, index + 2, count > 2);
        CopyOne(3, index + 3, count > 3);
    }

    /// <summary>Float <paramref name="i"/> of the four; zero unless <paramref name="isValid"/>.</summary>
    public void CopyOne(int i, int index, bool isValid) => CudaAsm.Emit(
        "{ .reg .b32 to; add.s32 to, tiles, %0; cp.async.ca.shared.global [to], [%1], 4, %2; }",
        target + 4 * i, source + 4 * (long)(uint)index, isValid ? 4 : 0);

    /// <summary>1, 0, 0, 0</summary>
    public void StoreUnitVector() => CudaAsm.Emit(
        "{ .reg .b32 to; add.s32 to, tiles, %0; " +
        "st.shared.v4.f32 [to], {0f3F800000, 0f00000000, 0f00000000, 0f00000000}; }",
        target);

    /// <summary>Makes a group of this thread's copies since the last call.</summary>
    public static void CommitGroup() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all groups of this thread but the last.</summary>
    public static void WaitAllButLastGroup() => CudaAsm.Emit("cp.async.wait_group 1;");
}
