using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp.Tests;

/// <summary>A thread: its registers, its own memory, and where in the program it is.</summary>
internal sealed class PtxThread
{
    private readonly ulong[] registers;
    private readonly byte[][] local;

    /// <param name="number">Within its group.</param>
    public PtxThread(PtxGroup group, int number)
    {
        (Group, Number) = (group, number);
        registers = [.. group.Program.Registers];
        local = [.. group.Program.Local.Select(array => new byte[array.Length])];
        int[] place = [number, 0, 0, group.Threads, 1, 1, .. group.Place, .. group.Grid];
        for (var i = 0; i < place.Length; i++) Set(i, place[i]);
    }

    public PtxGroup Group { get; }

    public int Number { get; }

    /// <summary>The instruction that comes next.</summary>
    public int Next { get; set; }

    public PtxAsyncCopies Copies { get; } = new();

    /// <summary>Goes on up to the next instruction that waits for other threads.</summary>
    public void Run()
    {
        var code = Group.Program.Code;
        while (code[Next] is { Do: { } act } instruction)
        {
            Next++;
            if (instruction.Guard >= 0 && Get<bool>(instruction.Guard) != instruction.GuardedBy) continue;
            try
            {
                act(this);
            }
            catch (Exception e) when (e is PtxFault or ArithmeticException)
            {
                var place = string.Join(", ", Group.Place);
                throw new PtxFault($"thread {Number} of group {place}: {instruction.Text}: {e.Message}");
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
            : throw new PtxFault($"{length} bytes at {address:X}, which is no local memory");
    }
}
