using System.Text.Json.Nodes;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>How a launcher is recognized, and what ranks must have in common.</summary>
public sealed class MpiLaunchTests
{
    [Test]
    public void A_process_of_its_own_has_no_launcher()
    {
        Assert.That(Find(), Is.Null);
        Assert.That(Find(("PYNET_MPI", "libmpi.so.40")), Is.Null);
        Assert.That(Find(("PMI_SIZE", "2"), ("PMI_RANK", "0"), ("PYNET_MPI", "off")), Is.Null);
    }

    [TestCase("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "Open MPI", "libmpi.so.40")]
    [TestCase("PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID", "MPICH", "libmpich.so.12")]
    [Platform("Linux")]
    public void Launchers_are_known_by_their_variables(
        string size, string rank, string localRank, string name, string library)
    {
        var launch = Find((size, "4"), (rank, "3"), (localRank, "1"))!;
        Assert.That((launch.Launcher, launch.Rank, launch.LocalRank, launch.Size), Is.EqualTo((name, 3, 1, 4)));
        Assert.That(Find((size, "4"), (rank, "3"))!.LocalRank, Is.Null);
        Assert.That(launch.Libraries[0], Is.EqualTo(library));
        Assert.That(Find((size, "4"), ("PYNET_MPI", "/opt/libmpi.so"))!.Libraries, Is.EqualTo(["/opt/libmpi.so"]));
    }

    /// <summary>Open MPI's launcher sets the variables of PMIx too, and Slurm's sets only those.</summary>
    [Test]
    public void The_more_particular_variable_decides()
    {
        Assert.That(Find(("PMIX_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2"))!.Launcher, Is.EqualTo("Open MPI"));
        var slurm = Find(("PMIX_RANK", "1"))!;
        Assert.That((slurm.Launcher, slurm.Rank, slurm.Size), Is.EqualTo(("PMIx", 1, (int?)null)));
    }

    [Test]
    public void Differing_facts_are_named_with_both_values()
    {
        JsonObject[] ranks =
        [
            new() { ["limit"] = 40, ["model"] = "nin", ["seed"] = 1 },
            new() { ["limit"] = 40, ["model"] = "nin", ["seed"] = 1 },
            new() { ["limit"] = null, ["model"] = "nin", ["shards"] = 2 },
        ];
        Assert.That(RankFacts.FindDifferences(ranks[..2]), Is.Null);
        Assert.That(
            RankFacts.FindDifferences(ranks), Is.EqualTo(
                "ranks 0 and 2 differ: limit (40 and null); seed (1 and missing); shards (missing and 2). " +
                "All ranks need the same program, settings and data."));
    }

    [Test]
    public void A_fingerprint_changes_with_labels_and_values()
    {
        var (values, labels) = (new float[20], new int[10]);
        var before = Fingerprint(values, labels);
        Assert.That(Fingerprint(values, labels), Is.EqualTo(before));
        Assert.That(Fingerprint([.. values.Select((x, i) => i == 19 ? 1 : x)], labels), Is.Not.EqualTo(before));
        Assert.That(Fingerprint(values, [.. labels.Select((k, i) => i == 9 ? 1 : k)]), Is.Not.EqualTo(before));
    }

    private static string Fingerprint(float[] values, int[] labels) =>
        RankFacts.Fingerprint(new FeatureDataset("items", ["a", "b"], values, labels));

    private static MpiLaunch? Find(params (string Name, string Value)[] variables) =>
        MpiLaunch.Find(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
