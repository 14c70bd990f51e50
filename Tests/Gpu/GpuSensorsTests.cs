using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How a GPU's sensors are shown, and which libraries of NVIDIA's are tried.</summary>
[Category("Gpu")]
public sealed class GpuSensorsTests
{
    private static readonly GpuSensors All = new(1980, 412.345, 54, 70_100_000_000);

    [Test]
    public void Values_have_units() => Assert.That($"{All}", Is.EqualTo("1980 MHz, 412 W, 54 °C, 70.1 GB free"));

    [Test]
    public void What_a_GPU_does_not_report_is_left_out()
    {
        Assert.That($"{All with { ClockMHz = null, PowerWatts = null }}", Is.EqualTo("54 °C, 70.1 GB free"));
        Assert.That($"{new GpuSensors(null, null, null, null)}", Is.Empty);
    }

    [Test]
    public void The_list_of_devices_has_them_after_the_model()
    {
        Assert.That(DevicesCommand.FormatSensors(All), Is.EqualTo(", 1980 MHz, 412 W, 54 °C"));
        Assert.That(DevicesCommand.FormatSensors(new(null, null, null, 1)), Is.Empty);
        Assert.That(DevicesCommand.FormatSensors(null), Is.Empty);
    }

    [Test]
    public void Devices_that_are_not_NVIDIAs_report_nothing()
    {
        Assert.That(DeviceCatalog.Find("emulated")!.ReadSensors(), Is.Null);
        Assert.That(SensorReading.During(Device.Cpu, () => Assert.Fail("launched")), Is.Null);
        Assert.That(SensorReading.Column(null), Is.Empty);
        Assert.That(CuBlasPeer.TryCreate(DeviceCatalog.Open("emulated")), Is.Null);
    }

    [TestCase("nvidia-ml.so", "libnvidia-ml.so.1 /usr/lib/wsl/lib/libnvidia-ml.so.1 libnvidia-ml.so")]
    [TestCase(
        "libcublas.so.12",
        "libcublas.so.12 libcublas.so.13 /usr/local/cuda/lib64/libcublas.so.12 /usr/local/cuda/lib64/libcublas.so.13")]
    [TestCase("libcublas.so.11", "")]
    [Platform(Exclude = "Win")]
    public void Libraries_are_tried_by_the_names_that_are_installed(string library, string names)
    {
        var tried = new List<string>();
        Assert.That((long)GpuLibraries.Find(library, Refuse), Is.Zero);
        Assert.That(string.Join(' ', tried), Is.EqualTo(names));

        nint Refuse(string name)
        {
            tried.Add(name);
            return 0;
        }
    }
}
