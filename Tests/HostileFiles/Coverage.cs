using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PyNetSharp.Tests;

/// <summary>The branches that an input takes, where SharpFuzz has instrumented the assemblies.</summary>
/// <remarks><c>fuzz.sh</c> does that to a copy.</remarks>
/// <seealso href="https://github.com/Metalnem/sharpfuzz">SharpFuzz</seealso>
internal static unsafe class Coverage
{
    private const int Size = 1 << 16;           // as AFL's map: a counter for each pair of branches, hashed

    private static byte* counters;

    /// <summary>Whether the assemblies count their branches.</summary>
    public static bool IsInstrumented => counters != null;

    /// <summary>Before any instrumented method runs, which writes to this memory.</summary>
    [ModuleInitializer]
    internal static void Initialize()
    {
        if (Type.GetType("SharpFuzz.Common.Trace, SharpFuzz.Common") is not { } trace) return;
        counters = (byte*)NativeMemory.AllocZeroed(Size);
        trace.GetField("SharedMem")!.SetValue(null, Pointer.Box(counters, typeof(byte*)));
    }

    /// <summary>Forgets the branches of the last input.</summary>
    public static void Clear() => new Span<byte>(counters, Size).Clear();

    /// <summary>Adds the input's branches to those seen before.</summary>
    /// <param name="seen">A byte per counter, with a bit per magnitude.</param>
    /// <returns>Whether a branch, or its magnitude, is new.</returns>
    public static bool Merge(byte[] seen)
    {
        var isNew = false;
        for (var i = 0; i < Size; i++)
        {
            if (counters[i] == 0) continue;
            var bit = (byte)(1 << BitOperations.Log2(counters[i]));
            if ((seen[i] & bit) != 0) continue;
            seen[i] |= bit;
            isNew = true;
        }

        return isNew;
    }

    /// <summary>An empty record of branches.</summary>
    public static byte[] NewRecord() => new byte[Size];
}
