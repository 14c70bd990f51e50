namespace PyNetSharp.Data;

/// <summary>The files of a data set were not found.</summary>
/// <param name="dataset">The name of the data set.</param>
/// <param name="message">Where they were looked for, and what is there instead.</param>
public sealed class DatasetNotFoundException(string dataset, string message) : InputException(message)
{
    /// <summary>The name of the data set.</summary>
    public string Dataset { get; } = dataset;
}
