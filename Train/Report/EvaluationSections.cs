using System.Xml.Linq;
using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>The confusion matrix, the scores of each class, and the most confidently wrong items.</summary>
internal static class EvaluationSections
{
    private const int MaxColumns = 20;              // of a matrix of numbers; a larger one is a picture
    private const int MaxPictureSide = 400;
    private const int MaxPairs = 20, MaxClasses = 500;
    private const int HeatSteps = 10;               // the style sheet has a color for each

    public static IEnumerable<XElement> All(ReportedEvaluation evaluation)
    {
        var (result, names) = (evaluation.Result, evaluation.ClassNames);
        if (result.Classes == 0) yield break;
        var what =
            $"{NumberFormatting.Count(result.Count)} {evaluation.Items} items, {evaluation.Weights}: " +
            $"loss {NumberFormatting.Loss(result.Loss)}, accuracy {NumberFormatting.Percent(result.Accuracy ?? 0)}.";
        var nan = result.NanCount == 0 ? "" : $" {result.NanCount} have a NaN among their scores and are in no column.";
        var dead = result.ConstantClasses.Count is > 0 and var constant
            ? $" Note that {DeadOutputs.Describe(constant)}."
            : "";
        yield return ReportPage.Section(
            "confusion", "Confusion matrix",
            Html.Tag("p", "muted", $"{what} A row per true class, a column per predicted class.{nan}{dead}"),
            result.Classes <= MaxColumns ? Matrix(result, names) : null,
            result.Classes is > MaxColumns and <= MaxPictureSide ? MatrixPicture(result) : null,
            result.Classes > MaxColumns ? Pairs(result, names) : null);
        yield return ReportPage.Section("classes", "Classes", Classes(result, names));
        if (evaluation.Wrong.Count > 0)
            yield return ReportPage.Section(
                "wrong", "Most confidently wrong",
                Html.Tag(
                    "p", "muted", $"The {evaluation.Items} items that were classified wrongly with the highest " +
                    "probabilities: predicted class, true class, and the probability of each."),
                Html.Tag("div", "gallery", evaluation.Wrong.Select(Wrong)));
    }

    private static XElement Matrix(Evaluation result, IReadOnlyList<string> names)
    {
        var classes = Enumerable.Range(0, result.Classes).ToArray();
        return ReportPage.Table(
            "matrix", classes.Select(k => names[k]).Prepend("true \\ predicted"),
            classes.Select(truth => classes.Select(k => (object)Cell(truth, k)).Prepend(names[truth])));

        XElement Cell(int truth, int k)
        {
            var (n, all) = (result[truth, k], result.ClassCount(truth));
            var heat = n == 0 ? 0 : Math.Max(1, (int)Math.Round((double)HeatSteps * n / all));
            return Html.Tag(
                "td", $"{(truth == k ? "right" : "wrong")} h{heat}",
                Html.Attribute("title", $"{names[truth]} predicted as {names[k]}: {n} of {all}"),
                n == 0 ? "·" : NumberFormatting.Count(n));
        }
    }

    /// <summary>A pixel for each pair of classes: the darker, the larger the share of the row.</summary>
    private static XElement MatrixPicture(Evaluation result)
    {
        var n = result.Classes;
        var picture = new PagePicture(n, n);
        for (var truth = 0; truth < n; truth++)
            for (var k = 0; k < n; k++)
            {
                var share = (double)result[truth, k] / Math.Max(1, result.ClassCount(truth));
                var at = 4 * (truth * n + k);
                var color = truth == k ? (29, 78, 216) : (220, 38, 38);
                (picture.Pixels[at], picture.Pixels[at + 1], picture.Pixels[at + 2]) =
                    ((byte)color.Item1, (byte)color.Item2, (byte)color.Item3);
                picture.Pixels[at + 3] = (byte)Math.Round(255 * Math.Sqrt(share));
            }

        return Html.Tag("p", null, ReportPage.Image(picture, "confusion matrix", Math.Max(1, 500 / n)));
    }

    private static XElement Pairs(Evaluation result, IReadOnlyList<string> names)
    {
        var pairs = from truth in Enumerable.Range(0, result.Classes)
                    from predicted in Enumerable.Range(0, result.Classes)
                    where truth != predicted && result[truth, predicted] > 0
                    orderby result[truth, predicted] descending
                    select (object[])[names[truth], names[predicted], NumberFormatting.Count(result[truth, predicted])];
        return ReportPage.Table("numbers", ["True class", "Predicted", "Items"], pairs.Take(MaxPairs));
    }

    private static XElement?[] Classes(Evaluation result, IReadOnlyList<string> names)
    {
        var scores = ClassScores.Of(result);
        var shown = Enumerable.Range(0, scores.Count);
        if (scores.Count > MaxClasses) shown = shown.OrderBy(k => scores[k].F1 ?? 1).Take(MaxClasses);
        var rows = shown.Select(k => Row(names[k], NumberFormatting.Count(scores[k].Count), score => score(scores[k])));
        var mean = Row("mean", NumberFormatting.Count(result.Count), score => ClassScores.Mean(scores, score));
        return
        [
            scores.Count <= MaxClasses ? null
                : Html.Tag("p", "muted", $"The {MaxClasses} of {scores.Count} classes with the lowest F1."),
            ReportPage.Table("numbers last", ["Class", "Items", "Precision", "Recall", "F1"], rows.Append(mean)),
        ];

        static object[] Row(string name, string count, Func<Func<ClassScores, double?>, double?> get) =>
        [
            name, count, Percent(get(score => score.Precision)), Percent(get(score => score.Recall)),
            Percent(get(score => score.F1)),
        ];

        static string Percent(double? share) => share is { } value ? NumberFormatting.Percent(value) : "–";
    }

    private static XElement Wrong(WrongItem item) => Html.Tag(
        "figure", null,
        item.Image is null ? null : ReportPage.Image(item.Image, $"item {item.Index}", Enlarge(item.Image)),
        Html.Tag(
            "figcaption", null,
            Html.Tag("span", "bad", $"{item.Predicted} {NumberFormatting.Percent(item.Probability)}"),
            Html.Tag("span", "good", $"{item.Truth} {NumberFormatting.Percent(item.TruthProbability)}"),
            Html.Tag("span", "muted", $"item {item.Index}")));

    private static int Enlarge(PagePicture picture) => Math.Max(1, 96 / Math.Max(picture.Width, picture.Height));
}
