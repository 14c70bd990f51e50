namespace PyNetSharp.Tests;

/// <summary>The settings of a run that never trains.</summary>
internal static class SmallRunConfig
{
    public static RunConfig Of(ulong seed = 0) => RunConfig.Of(Settings(seed));

    private static TrainingSettings Settings(ulong seed) =>
        new(NetworkCatalog.Find("nin"), NetworkCatalog.QuickStart)
        {
            Seed = seed,
            DataFolder = "some/dä<ta",
            MaxSteps = 7,
            Device = Device.Cpu,
            RunFolder = new("none"),
        };
}
