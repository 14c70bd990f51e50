namespace PyNetSharp.Training;

/// <summary>What has a state of its own beside the model and the optimizer, for a <see cref="Checkpoint"/>.</summary>
public interface ICheckpointed
{
    /// <summary>Begins the names of the state in the file; not <c>model</c> nor <c>optimizer</c>.</summary>
    string Name { get; }

    /// <summary>The state: the same tensors each time, which loading overwrites.</summary>
    IReadOnlyList<(string Name, Tensor Tensor)> State();
}
