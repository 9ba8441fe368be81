<?php
// PHP 8, no packages. Signs a proof for the user who is signed in at your site.

function part(string $data): string
{
    return rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
}

function sign_proof(array $user, string $widget, string $secret): string
{
    $now = time();
    $header = ['alg' => 'HS256', 'typ' => 'JWT'];
    $claims = [
        'sub' => (string) $user['id'],
        'email' => $user['email'],
        'given_name' => $user['first_name'],
        'family_name' => $user['last_name'],
        'aud' => $widget,
        'iat' => $now,
        'exp' => $now + 300,
    ];
    $message = part(json_encode($header)) . '.' . part(json_encode($claims));
    return $message . '.' . part(hash_hmac('sha256', $message, $secret, true));
}

$user = ['id' => 7, 'email' => 'ada@example.com', 'first_name' => 'Ada', 'last_name' => 'Lovelace'];
echo sign_proof($user, getenv('PARLOR_WIDGET'), getenv('PARLOR_WIDGET_SECRET')), "\n";
