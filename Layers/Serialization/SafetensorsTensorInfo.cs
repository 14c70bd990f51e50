using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>A tensor in a safetensors file, without its elements.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Dtype">The element type in the format's notation, such as F32.</param>
/// <param name="Extents">Its extents, which may exceed those of a <see cref="PyNetSharp.Shape"/>.</param>
/// <param name="DataBegin">The offset of its elements, in bytes from the beginning of the file's data.</param>
/// <param name="DataEnd">The offset of their end, in bytes.</param>
public sealed record SafetensorsTensorInfo(
    string Name, string Dtype, IReadOnlyList<long> Extents, long DataBegin, long DataEnd)
{
    /// <summary>Its shape as a <see cref="Tensor"/>.</summary>
    /// <exception cref="InputException">
    /// There are 2³¹ elements or more: the tensor cannot be read.
    /// </exception>
    public Shape Shape
    {
        get
        {
            try
            {
                return Shape.Create([.. Extents.Select(extent => checked((int)extent))]);
            }
            catch (Exception fault) when (fault is ShapeException or OverflowException)
            {
                throw new InputException(
                    $"{Quote(Name)} has the shape {ExtentsText}; expected less than 2³¹ elements.", fault);
            }
        }
    }

    /// <summary>The extents, formatted like a <see cref="PyNetSharp.Shape"/>.</summary>
    internal string ExtentsText => Format(Extents);

    /// <summary>Extents, formatted like a <see cref="PyNetSharp.Shape"/>.</summary>
    internal static string Format(IReadOnlyList<long> extents) => $"[{string.Join(", ", extents)}]";
}
