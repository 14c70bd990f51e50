using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp.Tests;

/// <summary>A thread: its registers, its local memory and its program counter.</summary>
internal sealed class PtxThread
{
    private readonly ulong[] registers;
    private readonly byte[][] local;

    /// <param name="number">Its index within the group.</param>
    public PtxThread(PtxCta cta, int number)
    {
        (Cta, Number) = (cta, number);
        registers = [.. cta.Program.Registers];
        local = [.. cta.Program.Local.Select(array => new byte[array.Length])];
        int[] special = [number, 0, 0, cta.Threads, 1, 1, .. cta.CtaId, .. cta.GridSize];       // PtxSymbols.Special
        for (var i = 0; i < special.Length; i++) Set(i, special[i]);
    }

    public PtxCta Cta { get; }

    public int Number { get; }

    /// <summary>The index of the next instruction.</summary>
    public int ProgramCounter { get; set; }

    public PtxAsyncCopies AsyncCopies { get; } = new();

    /// <summary>Executes all instructions before the next one that waits for other threads.</summary>
    public void Run()
    {
        var code = Cta.Program.Code;
        while (code[ProgramCounter] is { Execute: { } execute } instruction)
        {
            ProgramCounter++;
            if (instruction.Guard >= 0 && Get<bool>(instruction.Guard) != instruction.GuardValue) continue;
            try
            {
                execute(this);
            }
            catch (Exception e) when (e is PtxException or ArithmeticException)
            {
                var group = string.Join(", ", Cta.CtaId);
                throw new PtxException($"thread {Number} of group {group}: {instruction.Text}: {e.Message}");
            }
        }
    }

    public T Get<T>(int register) where T : unmanaged => Unsafe.As<ulong, T>(ref registers[register]);

    public void Set<T>(int register, T value) where T : unmanaged
    {
        registers[register] = 0;
        Unsafe.As<ulong, T>(ref registers[register]) = value;
    }

    public ReadOnlySpan<byte> Bytes(int register) => MemoryMarshal.AsBytes(registers.AsSpan(register, 1));

    /// <summary>Sets the lower bytes; the others become zero.</summary>
    public void SetBytes(int register, ReadOnlySpan<byte> bytes)
    {
        registers[register] = 0;
        bytes.CopyTo(MemoryMarshal.AsBytes(registers.AsSpan(register, 1)));
    }

    public Span<byte> LocalAt(ulong address, int length)
    {
        var array = (address >> PtxSymbols.ArrayBits) - 1;
        var offset = (int)(address & ((1 << PtxSymbols.ArrayBits) - 1));
        return array < (ulong)local.Length && offset + length <= local[array].Length
            ? local[array].AsSpan(offset, length)
            : throw new PtxException($"{length} bytes at {address:X}, which is no local memory");
    }
}
