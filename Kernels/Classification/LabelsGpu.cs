using ILGPU;

namespace PyNetSharp;

public sealed partial class Labels
{
    /// <summary>The classes as kernels of this device see them.</summary>
    internal ArrayView<int> ViewOn(Device device) => On(device).View.Cast<int>();
}
