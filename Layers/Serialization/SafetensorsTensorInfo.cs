using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Layers;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Dtype">The format's word for its elements, such as F32.</param>
/// <param name="Extents">Its extents, which may be more than a <see cref="PyNetSharp.Shape"/> can have.</param>
/// <param name="DataBegin">Where its elements begin, in bytes from the beginning of the file's data.</param>
/// <param name="DataEnd">Where they end.</param>
public sealed record SafetensorsTensorInfo(string Name, string Dtype, IReadOnlyList<long> Extents, long DataBegin, long DataEnd)
{
    /// <summary>Its extents, as a tensor has them that is read.</summary>
    /// <exception cref="InputException">
    /// There are 2³¹ elements or more: the tensor can be passed over, but not read.
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

    /// <summary>The extents as a <see cref="PyNetSharp.Shape"/> shows them.</summary>
    internal string ExtentsText => $"[{string.Join(", ", Extents)}]";
}
