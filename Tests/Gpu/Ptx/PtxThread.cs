using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp.Tests;

/// <summary>A thread: its registers, its own memory, and where in the program it is.</summary>
internal sealed class PtxThread
{
    private readonly ulong[] registers;
    private readonly byte[][] local;

    /// <param name="number">Within its group.</param>
    public PtxThread(PtxCta group, int number)
    {
        (Cta, Number) = (group, number);
        registers = [.. group.Program.Registers];
        local = [.. group.Program.Local.Select(array => new byte[array.Length])];
        int[] place = [number, 0, 0, group.Threads, 1, 1, .. group.CtaId, .. group.GridSize];
        for (var i = 0; i < place.Length; i++) Set(i, place[i]);
    }

    public PtxCta Cta { get; }

    public int Number { get; }

    /// <summary>The instruction that comes next.</summary>
    public int ProgramCounter { get; set; }

    public PtxAsyncCopies AsyncCopies { get; } = new();

    /// <summary>Goes on up to the next instruction that waits for other threads.</summary>
    public void Run()
    {
        var code = Cta.Program.Code;
        while (code[ProgramCounter] is { Execute: { } act } instruction)
        {
            ProgramCounter++;
            if (instruction.Guard >= 0 && Get<bool>(instruction.Guard) != instruction.GuardValue) continue;
            try
            {
                act(this);
            }
            catch (Exception e) when (e is PtxException or ArithmeticException)
            {
                var place = string.Join(", ", Cta.CtaId);
                throw new PtxException($"thread {Number} of group {place}: {instruction.Text}: {e.Message}");
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
        var (array, offset) = ((address >> PtxSymbols.ArrayBits) - 1, (int)(address & ((1 << PtxSymbols.ArrayBits) - 1)));
        return array < (ulong)local.Length && offset + length <= local[array].Length
            ? local[array].AsSpan(offset, length)
            : throw new PtxException($"{length} bytes at {address:X}, which is no local memory");
    }
}
