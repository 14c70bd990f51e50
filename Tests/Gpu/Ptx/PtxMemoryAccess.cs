namespace PyNetSharp.Tests;

/// <summary>Loads and stores of elements and of vectors, which must be aligned to their size.</summary>
internal static class PtxMemoryAccess
{
    /// <summary>The bytes at an address, after a check that the thread may access them now.</summary>
    private delegate Span<byte> Resolve(PtxThread thread, ulong address, int length);

    public static Action<PtxThread>? Of(PtxStatement s)
    {
        var parts = s.Opcode.Split('.');
        if (parts[0] is not ("ld" or "st") || Size(s.Type) is not { } size) return null;
        return (parts[0], Space(parts[1..^1])) switch
        {
            ("ld", "param") => LoadParameter(s, size),
            ("ld", "global") => Load(s, size, (thread, address, length) => thread.Cta.Global.At(address, length)),
            ("st", "global") => Store(s, size, (thread, address, length) => thread.Cta.Global.At(address, length)),
            ("ld", "local") => Load(s, size, (thread, address, length) => thread.LocalAt(address, length)),
            ("st", "local") => Store(s, size, (thread, address, length) => thread.LocalAt(address, length)),
            ("ld", "shared") => Load(s, size, (thread, address, length) =>
                thread.Cta.Shared(address).Read(thread, address, length)),
            ("st", "shared") => Store(s, size, (thread, address, length) =>
                thread.Cta.Shared(address).Write(thread, address, length)),
            _ => null,
        };
    }

    public static void CheckAlignment(ulong address, int length)
    {
        if (address % (ulong)length != 0) throw new PtxException($"{length} bytes at {address:X}, which is misaligned");
    }

    /// <summary>The bytes of an element; the upper bytes of its register are zero.</summary>
    private static int? Size(string type) => type switch
    {
        "b8" or "u8" => 1,
        "b16" or "u16" => 2,
        "b32" or "u32" or "s32" or "f32" => 4,
        "b64" or "u64" or "s64" or "f64" => 8,
        _ => null,
    };

    /// <summary>Without a state space an address is generic; those of kernels are global then.</summary>
    private static string? Space(string[] parts) => parts switch
    {
        [] or ["v2" or "v4"] => "global",
        [var space] => space,
        [var space, "v2" or "v4"] => space,
        _ => null,
    };

    private static Action<PtxThread> LoadParameter(PtxStatement s, int size)
    {
        var (target, (name, offset)) = (s.Register(0), s.NamedAddress(1));
        var number = s.Symbols.Parameters.FindIndex(parameter => parameter.Name == name);
        if (number < 0) throw new PtxException($"there is no parameter {name}");
        if (offset + size > s.Symbols.Parameters[number].Length)
            throw new PtxException($"{size} bytes at {offset} of {name}");
        return thread => thread.SetBytes(target, thread.Cta.Arguments[number].AsSpan(offset, size));
    }

    private static Action<PtxThread> Load(PtxStatement s, int size, Resolve resolve)
    {
        var (targets, (register, offset)) = (s.Registers(0), s.Address(1));
        return thread =>
        {
            var address = thread.Get<ulong>(register) + (ulong)offset;
            CheckAlignment(address, size * targets.Length);
            var bytes = resolve(thread, address, size * targets.Length);
            for (var i = 0; i < targets.Length; i++) thread.SetBytes(targets[i], bytes.Slice(i * size, size));
        };
    }

    private static Action<PtxThread> Store(PtxStatement s, int size, Resolve resolve)
    {
        var ((register, offset), sources) = (s.Address(0), s.Registers(1));
        return thread =>
        {
            var address = thread.Get<ulong>(register) + (ulong)offset;
            CheckAlignment(address, size * sources.Length);
            var bytes = resolve(thread, address, size * sources.Length);
            for (var i = 0; i < sources.Length; i++) thread.Bytes(sources[i])[..size].CopyTo(bytes[(i * size)..]);
        };
    }
}
