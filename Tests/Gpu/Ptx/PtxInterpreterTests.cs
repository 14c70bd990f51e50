using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The interpreter finds the errors that it is for, and executes correct programs.</summary>
[Category("Gpu")]
public sealed class PtxInterpreterTests
{
    private const string Neighbors = """
        shl.b32 %own, %tid.x, 2;
        xor.b32 %other, %own, 4;
        st.shared.b32 [%own+1048576], %tid.x;
        """;

    private const string WriteBack = """
        ld.shared.b32 %r0, [%other+1048576];
        cvt.u64.u32 %rd1, %own; add.u64 %rd1, %rd0, %rd1; st.b32 [%rd1], %r0;
        """;

    [Test]
    public void After_a_barrier_threads_read_what_others_wrote() =>
        Assert.That(Run(Neighbors + "bar.sync 0;" + WriteBack)[..4], Is.EqualTo(new[] { 1, 0, 3, 2 }));

    [Test]
    public void A_missing_barrier_is_found()
    {
        const string written = Neighbors + "bar.sync 0; st.shared.b32 [%own+1048576], 5;";
        Fails(Neighbors + WriteBack, "has not been written");
        Fails(written + WriteBack, "with no barrier between");
        Fails(
            Neighbors + "bar.sync 0; ld.shared.b32 %r0, [%other+1048576]; setp.gt.u32 %p0, %own, %other;" +
                "@%p0 st.shared.b32 [%own+1048576], 5;",
            "was read by thread 0, with no barrier between");
        Fails("st.shared.b32 [1048576], %tid.x;", "was written by thread 0, with no barrier between");
        Assert.That(() => Run(written + "bar.sync 0;" + WriteBack), Throws.Nothing);
    }

    [Test]
    public void A_missing_barrier_in_a_kernel_is_found()
    {
        var x = Tensor.Zeros([64], PtxDevice.Instance);
        Assert.That(
            () => PtxDevice.Instance.LaunchGroups(new(1, 1, 1), new MissingBarrierKernel(x.View)),
            Throws.TypeOf<PtxException>().With.Message.Contains("thread 0 of group 0, 0, 0: ld.shared.f32"));
    }

    [Test]
    public void A_barrier_that_not_all_threads_reach_is_found()
    {
        Fails("setp.lt.u32 %p0, %tid.x, 7; @%p0 bra skip; bar.sync 0; skip: ret;", "a deadlock");
        Fails("setp.lt.u32 %p0, %tid.x, 7; @%p0 bra skip; " + Mma + " skip: ret;", "not all threads of the warp");
    }

    [Test]
    public void Accesses_out_of_bounds_are_found()
    {
        Fails("st.b32 [%rd0+128], 0;", "none of the kernel's views");
        Fails("add.u64 %rd1, %rd0, -4; ld.b32 %r0, [%rd1];", "none of the kernel's views");
        Fails("st.shared.b32 [tile+256], 0;", "4 bytes at 256 of tile, which has 256");
        Fails("ld.param.b64 %rd0, [data+8];", "8 bytes at 8 of data");
    }

    [Test]
    public void Misaligned_accesses_are_found()
    {
        Fails("ld.v4.b32 {%r0, %own, %other, %r0}, [%rd0+8];", "misaligned");
        Fails("ld.v2.b32 {%r0, %own}, [%rd0+4];", "misaligned");
        Fails("cp.async.cg.shared.global [tile+8], [%rd0], 16;", "misaligned");
        Assert.That(() => Run("ld.v4.b32 {%r0, %own, %other, %r0}, [%rd0+16];"), Throws.Nothing);
    }

    [Test]
    public void Unknown_names_are_in_the_message()
    {
        Fails("popc.b32 %r0, %tid.x;", "unknown instruction popc.b32");
        Fails("mov.b32 %r7, 0;", "%r7 is not declared");
        Fails("{ .reg .b32 inner; mov.b32 inner, 0; } mov.b32 inner, 1;", "inner is not declared");
        Fails("bra nowhere;", "unknown label");
    }

    /// <summary>They complete in the order in which they were issued, with zeros for what is not read.</summary>
    [Test]
    public void Asynchronous_copies_complete_when_they_are_waited_for()
    {
        const string copies = """
            shl.b32 %own, %tid.x, 4;
            and.b32 %own, %own, 127;
            setp.ge.u32 %p0, %tid.x, 8;
            @%p0 bra sent;
            cvt.u64.u32 %rd1, %own;
            add.u64 %rd1, %rd0, %rd1;
            cp.async.cg.shared.global [%own+1048576], [%rd1], 16, 8;
            cp.async.commit_group;
            cp.async.cg.shared.global [%own+1048704], [%rd1], 16;
            cp.async.commit_group;
            sent: add.u64 %rd1, %rd0, 0;
            """;
        const string read =
            "ld.shared.v4.b32 {%r0, %own, %other, %r0}, [%own+1048576]; st.b32 [%rd0], %r0; st.b32 [%rd0+4], %own;";
        Fails(copies + "bar.sync 0;" + read, "before the copy to it has been waited for");
        Fails(copies + "cp.async.wait_group 2; bar.sync 0;" + read, "before the copy to it has been waited for");
        Fails(
            copies + "cp.async.wait_group 1;" + read.Replace("1048576", "1048704", StringComparison.Ordinal),
            "before the copy to it has been waited for");
        Fails(copies + "st.shared.b32 [%own+1048576], 0;", "while a copy to it is pending");
        var data = Run(copies + "cp.async.wait_group 1; bar.sync 0;" + read, Enumerable.Range(1, 32));
        Assert.That(data[..3], Is.EqualTo(new[] { 0, 30, 3 }), "the last thread's");
    }

    /// <summary>a[i, k] = i + k/8, b[k, j] = j − k: every element of every fragment matters.</summary>
    [Test]
    public void Tensor_cores_multiply_by_the_tables_of_fragments()
    {
        var d = Run($$"""
            {{Fragments}}
            {{Mma}}
            shr.u32 %r0, %tid.x, 2; and.b32 %own, %tid.x, 3; mad.lo.u32 %r0, %r0, 4, %own; shl.b32 %r0, %r0, 3;
            cvt.u64.u32 %rd1, %r0; add.u64 %rd1, %rd0, %rd1; st.v2.f32 [%rd1], {c0, c1}; st.v2.f32 [%rd1+256], {c2, c3};
            """, Enumerable.Repeat(0, 128));
        for (var i = 0; i < 16; i++)
            for (var j = 0; j < 8; j++)
            {
                var sum = 100f;
                for (var k = 0; k < 8; k++) sum += (i + k / 8f) * (j - k);
                Assert.That(BitConverter.Int32BitsToSingle(d[i * 8 + j]), Is.EqualTo(sum), $"row {i}, column {j}");
            }
    }

    /// <summary>
    /// Row r of matrix m is the four words of thread 8m + r; thread 4g + t gets word t of row g of each matrix.
    /// </summary>
    [Test]
    public void Matrices_are_loaded_by_rows()
    {
        const string rows = """
            shl.b32 %own, %tid.x, 2;
            st.shared.b32 [%own+1048576], %tid.x;
            and.b32 %other, %tid.x, 7; shl.b32 %other, %other, 4;
            """;
        const string load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %own, %r0, %own}, [%other+1048576];";
        const string writeBack =
            "shl.b32 %r0, %tid.x, 2; cvt.u64.u32 %rd1, %r0; add.u64 %rd1, %rd0, %rd1; st.b32 [%rd1], %own;";
        Assert.That(Run(rows + "bar.sync 0;" + load + writeBack), Is.EqualTo(Enumerable.Range(0, 32)));
        Fails(rows + "xor.b32 %other, %other, 16;" + load, "with no barrier between");
        Fails(rows + "add.u32 %other, %other, 4; bar.sync 0;" + load, "misaligned");
    }

    private const string Mma =
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 " +
        "{c0, c1, c2, c3}, {a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3};";

    /// <summary>With some of the thirteen bits that tensor cores ignore.</summary>
    private const string Fragments = """
        shr.u32 %r0, %tid.x, 2; cvt.rn.f32.u32 g, %r0;
        and.b32 %own, %tid.x, 3; cvt.rn.f32.u32 t, %own;
        fma.rn.f32 a0, t, 0f3E000000, g;
        add.f32 a1, a0, 0f41000000; add.f32 a2, a0, 0f3F000000; add.f32 a3, a1, 0f3F000000;
        sub.f32 b0, g, t; sub.f32 b1, b0, 0f40800000;
        mov.b32 %r0, a0; or.b32 %r0, %r0, 8191; mov.b32 a0, %r0;
        mov.f32 c0, 0f42C80000; mov.f32 c1, c0; mov.f32 c2, c0; mov.f32 c3, c0;
        """;

    private static void Fails(string body, string message) =>
        Assert.That(() => Run(body), Throws.TypeOf<PtxException>().With.Message.Contains(message));

    private static int[] Run(string body) => Run(body, Enumerable.Repeat(0, 32));

    /// <summary>
    /// Runs one warp with 256 bytes of shared memory and the address of the numbers, and returns those.
    /// </summary>
    private static unsafe int[] Run(string body, IEnumerable<int> numbers)
    {
        int[] data = [.. numbers, 0, 0, 0, 0];
        fixed (int* start = data)
        {
            var aligned = (ulong)start + 15 & ~15ul;
            var (first, length) = ((int)(aligned - (ulong)start) / sizeof(int), data.Length - 4);
            data.AsSpan(0, length).ToArray().CopyTo(data, first);
            var memory = new PtxGlobalMemory();
            memory.Add(aligned, length * sizeof(int));
            var program = new PtxProgram($$"""
                .visible .entry Test(.param .b64 data)
                {
                    .shared .align 16 .b8 tile[256];
                    .reg .pred %p<1>;
                    .reg .b32 %r<1>, %own, %other;
                    .reg .b64 %rd<2>;
                    .reg .f32 a<4>, b<2>, c<4>, g, t;
                    ld.param.b64 %rd0, [data];
                    {{body}}
                }
                """);
            new PtxCta(program, PtxCta.WarpSize, [1, 1, 1], [0, 0, 0], [BitConverter.GetBytes(aligned)], memory).Run();
            return data[first..(first + length)];
        }
    }
}
