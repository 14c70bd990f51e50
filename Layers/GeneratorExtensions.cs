namespace PyNetSharp.Layers;

/// <summary>What of a model's state is no tensor.</summary>
public static class GeneratorExtensions
{
    extension(Module model)
    {
        /// <summary>The random generators of all dropout layers; a run that goes on restores their states.</summary>
        public IEnumerable<(string Path, Rng Rng)> Generators() =>
            model.Descendants().Where(d => d.Module is DropoutLayer).Select(d => (d.Path, ((DropoutLayer)d.Module).Rng));
    }
}
