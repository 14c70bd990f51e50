using System.Security.Cryptography;

namespace PyNetSharp.Data;

/// <summary>Where the data sets are published, with the digests of their files.</summary>
/// <remarks>
/// The SHA-256 digests and sizes are those of TensorFlow Datasets (<c>tensorflow_datasets/url_checksums</c>), where
/// they are checked at each download. For ORL only an MD5 is published, with the mirror of the Bob toolbox.
/// </remarks>
/// <seealso href="https://github.com/tensorflow/datasets/tree/master/tensorflow_datasets/url_checksums">
/// The digests
/// </seealso>
/// <seealso href="https://gitlab.idiap.ch/bob/bob.bio.face">ORL's digest, in its database <c>atnt</c></seealso>
internal static class DatasetUrls
{
    private const string Kriz = "https://www.cs.toronto.edu/~kriz/";

    private static readonly string[] Mnist =
        ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"];

    /// <summary>The authors' repository first; their own server does not support HTTPS.</summary>
    private static readonly string[] Fashion =
        ["https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
         "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"];

    private static readonly string[] Iris = ["https://archive.ics.uci.edu/ml/machine-learning-databases/iris/"];

    private static readonly string[] Orl =
        ["https://www.cl.cam.ac.uk/research/dtg/attarchive/pub/data/", "https://www.idiap.ch/software/bob/data/bob/"];

    /// <summary>The files of each set that can be downloaded.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<RemoteFile>> All { get; } =
        new Dictionary<string, IReadOnlyList<RemoteFile>>
        {
            ["cifar10"] =
            [
                Sha256("cifar-10-binary.tar.gz", 170_052_171,
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", Kriz),
            ],
            ["cifar100"] =
            [
                Sha256("cifar-100-binary.tar.gz", 168_513_733,
                    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec", Kriz),
            ],
            ["mnist"] =
            [
                Sha256("train-images-idx3-ubyte.gz", 9_912_422,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", Mnist),
                Sha256("train-labels-idx1-ubyte.gz", 28_881,
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", Mnist),
                Sha256("t10k-images-idx3-ubyte.gz", 1_648_877,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", Mnist),
                Sha256("t10k-labels-idx1-ubyte.gz", 4_542,
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", Mnist),
            ],
            ["fashion-mnist"] =
            [
                Sha256("train-images-idx3-ubyte.gz", 26_421_880,
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", Fashion),
                Sha256("train-labels-idx1-ubyte.gz", 29_515,
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", Fashion),
                Sha256("t10k-images-idx3-ubyte.gz", 4_422_102,
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", Fashion),
                Sha256("t10k-labels-idx1-ubyte.gz", 5_148,
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", Fashion),
            ],
            ["iris"] =
            [
                Sha256("iris.data", 4_551,
                    "6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0", Iris),
            ],
            ["orl"] =
            [
                File("att_faces.zip", null, "6efb25cb0d40755e9492b9c012e3348d", HashAlgorithmName.MD5, Orl),
            ],
        };

    private static RemoteFile Sha256(string name, long size, string digest, params IReadOnlyList<string> folders) =>
        File(name, size, digest, HashAlgorithmName.SHA256, folders);

    private static RemoteFile File(
        string name, long? size, string digest, HashAlgorithmName algorithm, IReadOnlyList<string> folders) =>
        new(name, size, digest, algorithm, [.. folders.Select(folder => new Uri(folder + name))]);
}
