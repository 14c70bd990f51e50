using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class DataCatalogTests
{
    [Test]
    public void FindsASetBelowTheDataFolderOrInIt(
        [Values("", "cifar10", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin")] string subfolder)
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteCifar10(folder[subfolder]);
        Assert.That(DataCatalog.Load("cifar10", folder.Name).Train.Count, Is.EqualTo(10));
    }

    [Test]
    public void FindsEachSet()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder["mnist"]);
        DataFiles.WriteMnist(folder["fashion-mnist"], zipped: true);
        DataFiles.WriteOrl(folder["orl/orl_faces"]);
        Directory.CreateDirectory(folder["cifar100"]);
        File.WriteAllBytes(folder["cifar100/train.bin"], DataFiles.Cifar(2, [19, 99]));
        File.WriteAllBytes(folder["cifar100/test.bin"], DataFiles.Cifar(2, [19, 99]));

        Assert.That(DataCatalog.Load("mnist", folder.Name).Train.ClassNames[3], Is.EqualTo("3"));
        Assert.That(DataCatalog.Load("fashion-mnist", folder.Name).Train.ClassNames[3], Is.EqualTo("Dress"));
        Assert.That(DataCatalog.Load("orl", folder.Name).Train.Count, Is.EqualTo(12));
        Assert.That(DataCatalog.Load("cifar100", folder.Name).Test.ClassNames, Has.Count.EqualTo(100));
        Assert.That(DataCatalog.Load("xor").Train.ItemShape, Is.EqualTo(Shape.Create([2])));
        Assert.That(
            DataCatalog.Names.Where(name => !DataCatalog.NeedsFiles(name)), Is.EquivalentTo(new[] { "xor", "shapes" }));
    }

    [Test]
    public void DoesNotUseTheFolderOfAnotherSet()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder["fashion-mnist"]);
        Assert.That(DataCatalog.Load("fashion-mnist", folder["fashion-mnist"]).Train.Count, Is.EqualTo(3));
        Assert.That(() => DataCatalog.Load("mnist", folder["fashion-mnist"]), Throws.InstanceOf<InputException>());
    }

    [Test]
    public void NamesTheMissingFile()
    {
        using var folder = new TemporaryFolder();
        AssertFault("cifar10", folder.Name, "data_batch_1.bin", folder.Name);
        AssertFault("iris", folder["nowhere"], "nowhere' does not exist");
        AssertFault("cifar11", folder.Name, "unknown data set 'cifar11'. The data sets are cifar10");
    }

    [Test, NonParallelizable]
    public void A_folder_that_is_not_given_is_the_variable_s_and_else_data()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder["here/mnist"]);
        DataFiles.WriteMnist(folder["work/data/fashion-mnist"]);
        var (variable, work) = (Environment.GetEnvironmentVariable("PYNET_DATA"), Environment.CurrentDirectory);
        try
        {
            Environment.CurrentDirectory = folder["work"];
            Environment.SetEnvironmentVariable("PYNET_DATA", folder["here"]);
            Assert.That(DataCatalog.DataFolder(), Is.EqualTo(folder["here"]));
            Assert.That(DataCatalog.Load("mnist").Train.Count, Is.EqualTo(3));
            Assert.That(DataCatalog.FindFolder("mnist"), Is.EqualTo(folder["here/mnist"]));
            AssertFault("fashion-mnist", null, $"No fashion-mnist in '{folder["here"]}'");
            AssertFault("mnist", folder["work/data"], "No mnist in '");      // what is given counts

            Environment.SetEnvironmentVariable("PYNET_DATA", "~nobody/data");
            AssertFault("mnist", null, "the variable PYNET_DATA: '~nobody/data'");

            Environment.SetEnvironmentVariable("PYNET_DATA", "");
            Assert.That(DataCatalog.DataFolder(), Is.EqualTo("data"));
            Assert.That(DataCatalog.Load("fashion-mnist").Train.Count, Is.EqualTo(3));
            Environment.CurrentDirectory = folder["here"];
            AssertFault("iris", null, "no data folder was given", "PYNET_DATA is not set", "no folder 'data'");
        }
        finally
        {
            Environment.SetEnvironmentVariable("PYNET_DATA", variable);
            Environment.CurrentDirectory = work;
        }
    }

    [Test]
    public void SaysWhyAPathIsNoFolder()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        File.CreateSymbolicLink(folder["link"], folder["nowhere"]);
        File.CreateSymbolicLink(folder["loop"], folder["loop"]);
        File.CreateSymbolicLink(folder["good"], folder["real"]);
        DataFiles.WriteMnist(folder["real/mnist"]);
        Directory.CreateDirectory(folder["inner"]);
        File.WriteAllText(folder["inner/mnist"], "");

        const string isFile = "is a file; expected a folder";
        AssertFault("mnist", folder["file"], $"'{folder["file"]}' {isFile}");
        AssertFault("mnist", folder["file/mnist"], "does not exist");
        AssertFault("mnist", folder["link"], $"'{folder["link"]}' is a link to '{folder["nowhere"]}', which does not");
        AssertFault("mnist", folder["loop"], $"'{folder["loop"]}' cannot be read");
        AssertFault("mnist", folder["inner"], "No mnist in '", $"'{folder["inner/mnist"]}' {isFile}");
        Assert.That(DataCatalog.Load("mnist", folder["good"]).Train.Count, Is.EqualTo(3));
    }

    [Test]
    public void SaysThatAFolderCannotBeRead()
    {
        using var folder = new TemporaryFolder();
        DataFiles.WriteMnist(folder["all/mnist"]);
        foreach (var closed in (string[])["all/mnist", "all"])
        {
            if (OperatingSystem.IsWindows()) Assert.Ignore("needs the permissions of Unix");
            else File.SetUnixFileMode(folder[closed], UnixFileMode.None);
            try
            {
                if (Environment.IsPrivilegedProcess) Assert.Ignore("nothing is closed to root");
                AssertFault("mnist", folder["all"], $"'{folder[closed]}' cannot be read");
            }
            finally
            {
                if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder[closed], (UnixFileMode)0b111_000_000);
            }
        }
    }

    private static void AssertFault(string name, string? dataDir, params string[] messages)
    {
        var fault = Assert.Catch<InputException>(() => DataCatalog.Load(name, dataDir))!;
        foreach (var message in messages) Assert.That(fault.Message, Does.Contain(message));
        Assert.That(fault.Message, Does.Not.Contain('\n'));
    }
}
