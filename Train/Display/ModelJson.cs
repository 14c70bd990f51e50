using System.Text.Json.Nodes;
using PyNetSharp.Models;

namespace PyNetSharp.Train;

/// <summary>A network for programs: what <c>pynet models --json</c> prints.</summary>
internal static class ModelJson
{
    /// <summary>Its name, its input and its recipe.</summary>
    public static JsonObject Of(NetworkDefinition network) => new()
    {
        ["name"] = network.Name,
        ["summary"] = network.Summary,
        ["input"] = Extents(network.Input),
        ["recipe"] = Of(network.Recipe),
    };

    /// <summary>Also its layers, for items of a shape.</summary>
    public static JsonObject Of(NetworkDefinition network, Shape input, IReadOnlyList<LayerSummary> layers)
    {
        var whole = layers.Where(layer => layer.Depth == 0).ToArray();
        var json = Of(network);
        json["input"] = Extents(input);
        json["parameters"] = whole.Sum(layer => layer.Parameters);
        json["multiply_adds"] = whole.Sum(layer => layer.MultiplyAdds);
        json["layers"] = new JsonArray([.. layers.Select(layer => (JsonNode)new JsonObject
        {
            ["path"] = layer.Path,
            ["depth"] = layer.Depth,
            ["type"] = layer.IsParameter ? "Parameter" : layer.Module.GetType().Name.Split('`')[0],
            ["output"] = Extents(layer.IsParameter ? layer.Output : layer.Output.Skip(1)),
            ["parameters"] = layer.Parameters,
            ["multiply_adds"] = layer.MultiplyAdds,
        })]);
        return json;
    }

    private static JsonObject Of(Recipe recipe) => new()
    {
        ["data"] = recipe.Data,
        ["resize"] = recipe.Resize,
        ["batch_size"] = recipe.BatchSize,
        ["optimizer"] = recipe.Optimizer.ToString().ToLowerInvariant(),
        ["learning_rate"] = (decimal)recipe.LearningRate,
        ["schedule"] = ScheduleText.Format(recipe.Schedule),
        ["epochs"] = recipe.Epochs,
        ["validation"] = recipe.Validation,
    };

    private static JsonArray Extents(IEnumerable<int> shape) => new([.. shape.Select(n => (JsonNode)n)]);
}
