namespace PyNetSharp.Onnx;

/// <summary>What an ONNX file has besides the network.</summary>
public sealed record OnnxOptions
{
    /// <summary>Keys and texts for the file (<c>metadata_props</c>); a reader gets them unchanged.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What is computed from images before the network, within the file: its input is then images of bytes. Null for
    /// the network alone, whose input is what <c>Forward</c> takes.
    /// </summary>
    public ImagePreprocessing? Preprocessing { get; init; }

    /// <summary>The name of the program, for the file.</summary>
    public string ProducerName { get; init; } = "PyNetSharp";

    /// <summary>Its version.</summary>
    public string ProducerVersion { get; init; } = "";
}

/// <summary>
/// Bytes to the input of a network: x / 255, resized bilinearly, then (x − mean) / std; as the transforms
/// <c>Resize</c> and <c>Normalize</c> of PyNetSharp.Data.
/// </summary>
/// <param name="Height">Rows of the network's input; at least 1.</param>
/// <param name="Width">Its columns; at least 1.</param>
/// <param name="Mean">1 number, or one per channel.</param>
/// <param name="Std">As many, each positive.</param>
/// <remarks>
/// The input is [N, H, W, C] of uint8: images of any size as decoders give them, rows of pixels, each pixel's channels
/// together. Pixel centers are at ½, 1½, …, and shrinking does not smooth: the operator Resize with
/// <c>half_pixel</c>, which without its <c>antialias</c> does the same. It rounds coordinates differently, by up to
/// 2⁻¹⁵ of the distance of pixels in an image of 500: on photographs less than 10⁻⁵ of the result.
/// </remarks>
public sealed record ImagePreprocessing(int Height, int Width, IReadOnlyList<float> Mean, IReadOnlyList<float> Std);
