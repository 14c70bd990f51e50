using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PyNetSharp.Train;

/// <summary>The call that began a run, from its <c>config.json</c>: to go on with the run is to make that call again.</summary>
/// <param name="run">Where the run has begun.</param>
internal sealed class RunConfig(RunFolder run)
{
    public const string Arguments = "arguments", Started = "started", Resumed = "resumed";

    /// <summary>What another place, device or length of the run may change.</summary>
    private static readonly string[] ChangeableKeys =
        [Arguments, Started, Resumed, "epochs", "max_steps", "threads", "device", "device_model", "driver", "precision", "versions"];

    private readonly JsonObject config = Read(run);

    /// <summary>The words of the call, with some options replaced.</summary>
    /// <param name="command">What the words were for.</param>
    /// <param name="changes">A call of the same command, with the options that replace the earlier ones.</param>
    /// <param name="dropped">What is not taken from the earlier call.</param>
    public string[] MergeArguments(Command command, ParseResult changes, params Option[] dropped)
    {
        if (config[Arguments] is not JsonArray words || words.Any(word => word?.GetValueKind() != JsonValueKind.String))
            throw CannotResume($"it has no list '{Arguments}' of the words of the call");

        var earlier = command.Parse([.. words.Select(word => (string)word!)]);
        if (earlier.Errors is [var error, ..]) throw CannotResume(error.Message);
        return
        [
            .. command.Arguments.SelectMany(argument => earlier.GetResult(argument)?.Tokens.Select(token => token.Value) ?? []),
            .. command.Options.SelectMany(option =>
                TokensOf(changes, option) is { Length: > 0 } changed ? changed : dropped.Contains(option) ? [] : TokensOf(earlier, option)),
        ];
    }

    /// <summary>Sees that this version of the app understands the call as the earlier one did.</summary>
    /// <param name="now">The settings as they would be written down.</param>
    public void CheckUnchanged(JsonObject now)
    {
        foreach (var (name, value) in now)
            if (!ChangeableKeys.Contains(name) && value?.ToJsonString() != config[name]?.ToJsonString())
                throw CannotResume(
                    $"its '{name}' is {config[name]?.ToJsonString() ?? "missing"}, but what was called for means " +
                    $"{value?.ToJsonString() ?? "none"} now");
    }

    /// <summary>The settings to write down when the run goes on.</summary>
    public JsonObject Merge(JsonObject now, long step)
    {
        now[Resumed] = config[Resumed]?.DeepClone() as JsonArray ?? [];
        now[Resumed]!.AsArray().Add(new JsonObject { ["step"] = step, ["at"] = now[Started]?.DeepClone() });
        now[Started] = config[Started]?.DeepClone();
        return now;
    }

    /// <summary>An option's name and value as they stand on a command line; nothing if it was not given.</summary>
    public static string[] TokensOf(ParseResult parse, Option option) =>
        parse.GetResult(option) is { Implicit: false } result ? [option.Name, .. result.Tokens.Select(token => token.Value)] : [];

    private static JsonObject Read(RunFolder run)
    {
        if (!File.Exists(run.ConfigPath)) throw new InputException($"The folder '{run.Folder}' holds no run: there is no config.json.");
        try
        {
            return JsonNode.Parse(File.ReadAllText(run.ConfigPath)) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            throw new InputException($"'{run.ConfigPath}' cannot be read: {fault.Message}", fault);
        }
    }

    private InputException CannotResume(string why) => new($"The run in '{run.Folder}' cannot go on from its config.json: {why}.");
}
