using PyNetSharp.Models;

namespace PyNetSharp.Images;

/// <summary>Classifies image files.</summary>
public static class ClassifierExtensions
{
    extension(Classifier classifier)
    {
        /// <summary>Classifies an image file.</summary>
        /// <param name="path">As for <see cref="ImageFile.Read"/>.</param>
        /// <exception cref="ImageException">It is no image, damaged or too large.</exception>
        /// <exception cref="InputException">The file cannot be read.</exception>
        public Prediction Predict(string path)
        {
            ArgumentNullException.ThrowIfNull(classifier);
            var (pixels, shape) = ImageFile.Read(path, classifier.Preprocessing.Item[0]);
            return classifier.Predict(pixels, shape);
        }
    }
}
