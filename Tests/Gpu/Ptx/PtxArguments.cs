using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace PyNetSharp.Tests;

/// <summary>
/// The bytes of a kernel's struct as a GPU gets them: fields in their order, each aligned to its size, views as address
/// and length.
/// </summary>
/// <param name="memory">The views are added to it.</param>
internal sealed class PtxArguments(PtxGlobalMemory memory)
{
    private static readonly MethodInfo ViewReader =
        typeof(PtxArguments).GetMethod(nameof(AddressOf), BindingFlags.NonPublic | BindingFlags.Instance)!;

    public byte[] Bytes(object kernel)
    {
        var bytes = new byte[Measure(kernel.GetType()).Size];
        Write(kernel, bytes);
        return bytes;
    }

    private static bool IsView(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>);

    private static FieldInfo[] Fields(Type type) =>
    [
        .. type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => field.MetadataToken),
    ];

    private static (int Size, int Alignment) Measure(Type type)
    {
        if (type.IsPrimitive) return (Marshal.SizeOf(type), Marshal.SizeOf(type));
        if (IsView(type)) return (16, 8);
        var (end, alignment) = (0, 1);
        foreach (var (offset, field) in Offsets(type))
        {
            var (size, own) = Measure(field.FieldType);
            (end, alignment) = (offset + size, Math.Max(alignment, own));
        }

        return (AlignUp(end, alignment), alignment);
    }

    private static IEnumerable<(int Offset, FieldInfo Field)> Offsets(Type type)
    {
        var end = 0;
        foreach (var field in Fields(type))
        {
            var (size, alignment) = Measure(field.FieldType);
            var offset = AlignUp(end, alignment);
            yield return (offset, field);
            end = offset + size;
        }
    }

    private static int AlignUp(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    private void Write(object value, Span<byte> target)
    {
        switch (value)
        {
            case int number: MemoryMarshal.Write(target, number); break;
            case uint number: MemoryMarshal.Write(target, number); break;
            case long number: MemoryMarshal.Write(target, number); break;
            case ulong number: MemoryMarshal.Write(target, number); break;
            case float number: MemoryMarshal.Write(target, number); break;
            case double number: MemoryMarshal.Write(target, number); break;
            case byte number: target[0] = number; break;
            case bool flag: target[0] = flag ? (byte)1 : (byte)0; break;
            default:
                if (value.GetType().IsPrimitive) throw new PtxException($"{value.GetType()} as an argument");
                if (IsView(value.GetType()))
                {
                    var reader = ViewReader.MakeGenericMethod(value.GetType().GenericTypeArguments);
                    var (address, length) = ((ulong, long))reader.Invoke(this, [value])!;
                    MemoryMarshal.Write(target, address);
                    MemoryMarshal.Write(target[8..], length);
                }
                else
                    foreach (var (offset, field) in Offsets(value.GetType()))
                        Write(field.GetValue(value)!, target[offset..]);
                break;
        }
    }

    private unsafe (ulong Address, long Length) AddressOf<T>(ArrayView<T> view) where T : unmanaged
    {
        if (view.Length == 0) return (0, 0);
        var address = (ulong)view.LoadEffectiveAddressAsPtr();
        memory.Add(address, view.LengthInBytes);
        return (address, view.Length);
    }
}
