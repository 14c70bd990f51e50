using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using static PyNetSharp.Layers.ErrorText;

namespace PyNetSharp.Data;

/// <summary>Reads data that Python's <c>pickle</c> has written: numbers, texts, lists, byte arrays.</summary>
/// <remarks>
/// A pickle is a program for a stack machine. Python's own reader lets it call any function, so that a file can do
/// anything; this one knows the opcodes that protocols 0 to 4 use for data, and of functions the three that make an
/// array of numpy, whose effect it has itself. Any other is an error by name. Nothing is recursive, what a length
/// announces must be in the file, and the number of opcodes is limited.
/// </remarks>
/// <seealso href="https://github.com/python/cpython/blob/main/Lib/pickletools.py">The opcodes, in CPython</seealso>
internal sealed class PickleReader
{
    private const int MaxOps = 1 << 20, MaxLine = 1 << 27, MaxMemo = 1 << 20;

    private readonly byte[] file;
    private readonly Stack<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<int, object?> memo = [];
    private int at;                                     // of the next byte

    private PickleReader(byte[] file) => this.file = file;

    /// <summary>Reads a pickle.</summary>
    /// <param name="file">Its bytes.</param>
    /// <returns>
    /// null, a bool, a long, a string, a byte[], a List, an object[] (tuple), a Dictionary with texts for keys or a
    /// <see cref="PickledArray"/>.
    /// </returns>
    /// <exception cref="FormatException">It is no pickle, is damaged, or has objects of another kind.</exception>
    public static object? Read(byte[] file)
    {
        var reader = new PickleReader(file);
        try
        {
            return reader.Run();
        }
        catch (Exception fault) when (fault is InvalidOperationException or OverflowException)
        {
            throw new FormatException(reader.Where("an operand of another kind, or none, was expected"), fault);
        }
        catch (FormatException fault)
        {
            throw new FormatException(reader.Where(fault.Message), fault);
        }
    }

    /// <summary>A text; Python 2 wrote them as bytes.</summary>
    public static string? Text(object? value) => value switch
    {
        string text => text,
        byte[] bytes => Encoding.Latin1.GetString(bytes),
        _ => null,
    };

    private string Where(string fault) => string.Create(CultureInfo.InvariantCulture, $"offset {at}: {fault}");

    private object? Run()
    {
        for (var ops = 0; ops < MaxOps; ops++)
        {
            var op = (char)Take(1)[0];
            if (op == '.') return stack.Pop();
            if (!TryPush(op) && !TryMemo(op) && !TryCombine(op))
                throw new FormatException(string.Create(
                    CultureInfo.InvariantCulture, $"opcode 0x{(int)op:X2} is none of those for data"));
        }

        throw new FormatException($"more than {MaxOps} opcodes");
    }

    /// <summary>Opcodes that push a value of their own.</summary>
    private bool TryPush(char op)
    {
        switch (op)
        {
            case '\u0080':                                  // PROTO
                if (Take(1)[0] > 4) throw new FormatException($"protocol {file[at - 1]}; expected 0 to 4");
                return true;
            case '\u0095':                                  // FRAME
                Take(8);
                return true;
            case '(':
                marks.Push(stack.Count);
                return true;
        }

        if (op is '}' or ']' or ')' or 'N' or '\u0088' or '\u0089') stack.Push(Constant(op));
        else if (op is 'I' or 'L' or 'J' or 'K' or 'M' or '\u008a') stack.Push(Integer(op));
        else if (op is 'S' or 'T' or 'U' or 'V' or 'X' or '\u008c' or 'B' or 'C') stack.Push(String(op));
        else if (op == 'c') stack.Push(new Global(Line(), Line()));
        else return false;
        return true;
    }

    private static object? Constant(char op) => op switch
    {
        '}' => new Dictionary<string, object?>(),
        ']' => new List<object?>(),
        ')' => Array.Empty<object?>(),
        'N' => null,
        var flag => flag == '\u0088',
    };

    private object Integer(char op) => op switch
    {
        'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        'K' => (long)Take(1)[0],
        'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        '\u008a' => LongInteger(Take(Take(1)[0])),
        _ => Line() switch
        {
            "00" when op == 'I' => false,
            "01" when op == 'I' => true,
            var digits => long.TryParse(
                op == 'L' && digits.EndsWith('L') ? digits[..^1] : digits, NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture, out var n) ? n : throw new FormatException($"number {Quote(digits)}"),
        },
    };

    private static long LongInteger(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8) throw new FormatException($"a number of {bytes.Length} bytes");
        var value = bytes.Length > 0 && bytes[^1] >= 0x80 ? -1L : 0;
        for (var i = bytes.Length - 1; i >= 0; i--) value = value << 8 | bytes[i];
        return value;
    }

    private object String(char op) => op switch
    {
        'T' or 'B' => Take(Length()).ToArray(),
        'U' or 'C' => Take(Take(1)[0]).ToArray(),
        'X' => Encoding.UTF8.GetString(Take(Length())),
        '\u008c' => Encoding.UTF8.GetString(Take(Take(1)[0])),
        'S' => PickleText.UnescapeString(Line()),
        _ => PickleText.UnescapeUnicode(Line()),
    };

    /// <summary>Opcodes that keep a value for later, or push it again.</summary>
    private bool TryMemo(char op)
    {
        switch (op)
        {
            case 'p' or 'q' or 'r' or '\u0094':
                if (memo.Count >= MaxMemo) throw new FormatException($"more than {MaxMemo} kept values");
                memo[op == '\u0094' ? memo.Count : Key(op == 'p', op == 'q')] = stack.Peek();
                return true;
            case 'g' or 'h' or 'j':
                var key = Key(op == 'g', op == 'h');
                stack.Push(memo.TryGetValue(key, out var value) ? value : throw new FormatException($"no value {key}"));
                return true;
            default:
                return false;
        }
    }

    private int Key(bool isLine, bool isByte) =>
        isLine ? (int)(long)Integer('L') : isByte ? Take(1)[0] : Length();

    /// <summary>Opcodes that make one value of others.</summary>
    private bool TryCombine(char op)
    {
        switch (op)
        {
            case 't':
                stack.Push(PopToMark());
                return true;
            case '\u0085' or '\u0086' or '\u0087':
                stack.Push(Pop(op - '\u0084'));
                return true;
            case 'l':
                stack.Push(new List<object?>(PopToMark()));
                return true;
            case 'a' or 'e':
                var added = op == 'a' ? Pop(1) : PopToMark();
                Operand<List<object?>>(stack.Peek()).AddRange(added);
                return true;
            case 'd':
                var all = PopToMark();
                stack.Push(new Dictionary<string, object?>());
                SetItems(all);
                return true;
            case 's' or 'u':
                SetItems(op == 's' ? Pop(2) : PopToMark());
                return true;
            case '\u0093':                                  // STACK_GLOBAL
                var (name, module) = (Operand<string>(stack.Pop()), Operand<string>(stack.Pop()));
                stack.Push(new Global(module, name));
                return true;
            case 'R':
                var arguments = Operand<object?[]>(stack.Pop());
                stack.Push(Operand<Global>(stack.Pop()).Call(arguments));
                return true;
            case 'b':
                var state = Operand<object?[]>(stack.Pop());
                Operand<IPickledState>(stack.Peek()).SetState(state);
                return true;
            default:
                return false;
        }
    }

    private void SetItems(object?[] items)
    {
        var dictionary = Operand<Dictionary<string, object?>>(stack.Peek());
        if (items.Length % 2 != 0) throw new FormatException("a key without a value");
        for (var i = 0; i < items.Length; i += 2)
            dictionary[Text(items[i]) ?? throw new FormatException("a key that is no text")] = items[i + 1];
    }

    /// <exception cref="InvalidOperationException">The value is of another kind.</exception>
    private static T Operand<T>(object? value) where T : class => value as T ?? throw new InvalidOperationException();

    private object?[] PopToMark() => Pop(stack.Count - marks.Pop());

    private object?[] Pop(int count)
    {
        if (count < 0 || count > stack.Count) throw new InvalidOperationException();
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--) values[i] = stack.Pop();
        return values;
    }

    private int Length() => BinaryPrimitives.ReadInt32LittleEndian(Take(4)) is >= 0 and var length
        ? length
        : throw new FormatException("a negative length");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > file.Length - at) throw new FormatException("the file ends");
        at += count;
        return file.AsSpan(at - count, count);
    }

    /// <summary>The text up to the end of the line.</summary>
    private string Line()
    {
        var length = file.AsSpan(at).IndexOf((byte)'\n');
        if (length < 0) throw new FormatException("the file ends within a line");
        if (length > MaxLine) throw new FormatException($"a line of {length} characters");
        var line = Encoding.Latin1.GetString(Take(length));
        at++;
        return line;
    }
}
