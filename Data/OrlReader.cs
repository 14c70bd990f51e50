using System.Globalization;

namespace PyNetSharp.Data;

/// <summary>Reads the ORL (AT&amp;T) faces: a folder <c>s1</c> … per person, with images <c>1.pgm</c> ….</summary>
/// <seealso href="https://cam-orl.co.uk/facedatabase.html">The Database of Faces</seealso>
public static class OrlReader
{
    /// <summary>
    /// Reads all persons in the folder; the last fifth of the images of each (2 of 10) is the test part.
    /// </summary>
    /// <param name="folder">The folder that contains <c>s1</c>.</param>
    /// <returns>Images [1, rows, columns] ([1, 112, 92] in the original), a class for each person.</returns>
    /// <exception cref="InputException">
    /// An image is invalid or differs in size from the first, or a person has less than two.
    /// </exception>
    public static TrainTestSplit Read(string folder)
    {
        var persons = ListNumbered(folder, "s*", Directory.GetDirectories, name => name[1..]);
        if (persons.Length == 0) throw new InputException($"'{folder}' has no folders s1, s2, … of faces.");

        Shape? shape = null;
        PartBuilder train = new(), test = new();
        for (var label = 0; label < persons.Length; label++)
        {
            var files = ListNumbered(persons[label], "*.pgm", Directory.GetFiles, name => name[..^".pgm".Length]);
            if (files.Length < 2)
                throw new InputException(
                    $"'{persons[label]}' has {files.Length} images 1.pgm, 2.pgm, …; expected 2 or more.");

            var trainCount = files.Length - Math.Max(1, files.Length / 5);
            for (var i = 0; i < files.Length; i++)
            {
                var (pixels, found) = PgmReader.Read(files[i]);
                if (found != (shape ??= found))
                    throw new InputException($"'{files[i]}' has the shape {found}, but the images before it {shape}.");
                (i < trainCount ? train : test).Add(files[i], pixels, label);
            }
        }

        string[] names = [.. persons.Select(person => Path.GetFileName(person))];
        return new(train.ToDataset("orl train", names, shape!), test.ToDataset("orl test", names, shape!));
    }

    /// <summary>
    /// The entries of a folder whose names have a number, in the order of the numbers: s2 before s10.
    /// </summary>
    private static string[] ListNumbered(
        string folder, string pattern, Func<string, string, string[]> list, Func<string, string> digits) =>
    [
        .. from path in DataFile.WrapFileErrors(folder, () => list(folder, pattern))
           let text = digits(Path.GetFileName(path))
           where text.Length is > 0 and < 10 && text.All(char.IsAsciiDigit)
           orderby int.Parse(text, CultureInfo.InvariantCulture), path
           select path,
    ];

    private sealed class PartBuilder
    {
        private readonly List<byte[]> images = [];
        private readonly List<int> labels = [];
        private long bytes;

        public void Add(string path, byte[] pixels, int label)
        {
            images.Add(pixels);
            labels.Add(label);
            if ((bytes += pixels.Length) > DataFile.MaxBytes / 2)  // two copies exist while the images are joined
                throw new InputException(
                    $"'{path}': with it the images take more than {DataFile.MaxBytes / 2} bytes.");
        }

        public ImageDataset ToDataset(string name, string[] classNames, Shape shape)
        {
            var pixels = new byte[bytes];
            for (var i = 0; i < images.Count; i++) images[i].CopyTo(pixels, i * shape.Size);
            return new(name, classNames, shape, pixels, [.. labels]);
        }
    }
}
