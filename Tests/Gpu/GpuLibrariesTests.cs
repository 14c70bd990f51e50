using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ILGPU;
using ILGPU.Runtime.Cuda;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How the drivers' libraries are found, and what is said of a driver that does not do.</summary>
[Category("Gpu"), Platform(Exclude = "Win")]
public sealed class GpuLibrariesTests
{
    private static readonly string[] CudaNames =
        ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "libcuda.so", "/usr/lib/wsl/lib/libcuda.so"];
    private static readonly string[] OpenCLNames = ["libOpenCL.so.1", "libOpenCL.so"];

    private static IEnumerable<TestCaseData> Names =>
        [new("cuda", CudaNames), new("OpenCL", OpenCLNames), new("kernel32", Array.Empty<string>())];

    /// <summary>A toolkit has a stub named libcuda.so, in which every call fails.</summary>
    [TestCaseSource(nameof(Names))]
    public void The_name_with_the_number_comes_first(string library, string[] names)
    {
        var tried = new List<string>();
        Assert.That((long)GpuLibraries.Find(library, Refuse), Is.Zero);
        Assert.That(tried, Is.EqualTo(names));

        nint Refuse(string name)
        {
            tried.Add(name);
            return 0;
        }
    }

    [Test]
    public void A_driver_beside_a_stub_wins() =>
        Assert.That(
            (long)GpuLibraries.Find("cuda", name => name switch { "libcuda.so" => 1, "libcuda.so.1" => 2, _ => 0 }),
            Is.EqualTo(2));

    /// <summary>
    /// An assembly takes one resolver; on WSL ILGPU sets its own, and a program that uses ILGPU may have.
    /// </summary>
    [Test]
    public void A_resolver_that_is_there_is_left_alone()
    {
        var ilgpu = CopyOfILGPU();
        NativeLibrary.SetDllImportResolver(ilgpu, (_, _, _) => 0);
        Assert.That(() => GpuLibraries.RegisterResolver(ilgpu, leaveResolver: false), Throws.Nothing);
    }

    [Test]
    public void On_WSL_ILGPU_can_set_its_own()
    {
        var ilgpu = CopyOfILGPU();
        GpuLibraries.RegisterResolver(ilgpu, leaveResolver: true);
        Assert.That(() => NativeLibrary.SetDllImportResolver(ilgpu, (_, _, _) => 0), Throws.Nothing);
    }

    [Test]
    public void A_driver_that_is_too_old_is_called_that_with_what_is_needed() => Assert.That(
        GpuCatalog.DriverTooOldMessage(
            "NVIDIA A100", CudaDriverVersion.FromMajorMinor(10, 2), CudaDriverVersion.FromMajorMinor(11, 0)),
        Is.EqualTo(
            "CUDA's driver is too old for NVIDIA A100: it is for CUDA 10.2, " +
            "and ILGPU needs one for CUDA 11.0 or later; update the driver"));

    [Test]
    public void Devices_are_counted_in_words([Values(0, 1, 2)] int count) => Assert.That(
        GpuCatalog.Count(count), Is.EqualTo(count switch { 0 => "no devices", 1 => "1 device", _ => "2 devices" }));

    /// <summary>ILGPU once more, in a context of its own, so that it has no resolver yet.</summary>
    private static Assembly CopyOfILGPU() =>
        new AssemblyLoadContext("another", isCollectible: true).LoadFromAssemblyPath(typeof(Context).Assembly.Location);
}
